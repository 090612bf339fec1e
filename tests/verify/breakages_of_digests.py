"""What can be done to the duty roster by hand, each with the one invariant that it breaks."""

from tests.verify.breaking import Breakage, by

Table = list[tuple[str, str, Breakage]]

STANDS = "id = (SELECT min(id) FROM duty WHERE removed_at IS NULL)"

OF_DIGESTS: Table = [
    ("I18", "somebody on duty on another day", by(f"UPDATE duty SET on_day = '2026-09-21' WHERE {STANDS}")),
    ("I18", "somebody else on duty", by(
        f"UPDATE duty SET officer_id = (SELECT id FROM officer WHERE name = 'Otto') WHERE {STANDS}")),
    ("I18", "somebody put on by another", by(
        f"UPDATE duty SET added_by = (SELECT id FROM officer WHERE name = 'Otto') WHERE {STANDS}")),
    ("I18", "somebody taken off untold", by(f"UPDATE duty SET removed_at = added_at, removed_by = added_by WHERE {STANDS}")),
    ("I18", "somebody on duty forgotten", by("DELETE FROM duty WHERE removed_at IS NOT NULL")),
    ("I18", "an address that nobody entered", by(
        "INSERT INTO officer_mail (officer_id, sealed, key_id, set_at) "
        "SELECT officer.id, sealed, key_id, set_at FROM officer_mail, officer WHERE name = 'Otto'")),
    ("I18", "an address lost", by("DELETE FROM officer_mail")),
]  # fmt: skip
