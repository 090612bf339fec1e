"""What can be done to hand-offs and partners by hand, each with the one invariant that it breaks."""

from tests.verify.breaking import Breakage, by

Table = list[tuple[str, str, Breakage]]

OF_HANDOFFS: Table = [
    ("I18", "a hand-off begun that was done", by(
        "UPDATE handoff SET state = 'working', ended_at = NULL WHERE state = 'done'")),
    ("I18", "a hand-off taken at another time", by("UPDATE handoff SET taken_at = offered_at WHERE state = 'done'")),
    ("I18", "a hand-off that asks for something else", by("UPDATE handoff SET asked = '请关店。' WHERE state = 'done'")),
    ("I18", "a hand-off back for another reason", by("UPDATE handoff SET reason = '没有人。' WHERE reason IS NOT NULL")),
    ("I18", "a hand-off that nobody overtook", by("UPDATE handoff SET overtaken = (1 = 0), reason = 'x' WHERE overtaken")),
    ("I18", "a hand-off of another partner", by(
        "UPDATE handoff SET partner_id = (SELECT max(id) FROM partner) WHERE state = 'done'")),
    ("I18", "a hand-off at another site", by(
        "UPDATE handoff SET site_id = (SELECT id FROM site WHERE slug = 'gulangyu') WHERE state = 'done'")),
    ("I18", "a hand-off lost", by("DELETE FROM handoff WHERE state = 'done'")),
    ("I18", "an offer that nobody will be told of", by("DELETE FROM job WHERE kind = 'handoff'")),
    ("I18", "an offer that was told and is told again", by("UPDATE handoff SET post = 'sent' WHERE post = 'waiting'")),
    ("I18", "a partner of another name", by("UPDATE partner SET name = 'x' WHERE kind = 'police_110'")),
    ("I18", "a partner at another address", by("UPDATE partner SET hook_url = 'https://x.example/' WHERE hook_url IS NOT NULL")),
    ("I18", "a partner with older keys", by("UPDATE partner SET generation = 1 WHERE kind = 'police_110'")),
    ("I18", "a partner let in again", by(
        "UPDATE partner SET disabled_at = NULL, token_hash = 'f00d' WHERE disabled_at IS NOT NULL")),
    ("I18", "a number of nobody's", by("DELETE FROM handed_in")),
    ("I18", "a number of another partner's", by("UPDATE handed_in SET partner_id = (SELECT max(id) FROM partner)")),
]  # fmt: skip
