"""What can be done to alerts and rectification notices by hand, each with the one invariant that it breaks."""

from tests.verify.breaking import Breakage, after, by
from tests.verify.breaking_money import unchecked

Table = list[tuple[str, str, Breakage]]

STANDS = "id = (SELECT min(id) FROM alert WHERE until IS NULL AND respondent_id IS NOT NULL)"
PAST = "id = (SELECT min(id) FROM alert WHERE until IS NOT NULL)"

OF_ALERTS: Table = [
    ("I18", "an alert at another level", by(
        f"UPDATE alert SET level = CASE WHEN level = 'blue' THEN 'red' ELSE 'blue' END WHERE {STANDS}")),
    ("I18", "an alert that rose for another reason", by(f"UPDATE alert SET reasons = '[]' WHERE {STANDS}")),
    ("I18", "an alert that told somebody else", by(f"UPDATE alert SET tells = '[]' WHERE {STANDS}")),
    ("I18", "an alert that ended untold", by(f"UPDATE alert SET until = since WHERE {STANDS}")),
    ("I18", "history begun at another time", by(f"UPDATE alert SET since = until WHERE {PAST}")),
    ("I18", "an alert forgotten", by(
        "DELETE FROM alert WHERE until IS NOT NULL AND id NOT IN (SELECT alert_id FROM rectification)")),
    ("I18", "a notice that demands something else", by("UPDATE rectification SET demands = '请停业。'")),
    ("I18", "a notice with more time than was told", after(
        unchecked("rectification", "ck_rectification_due_after_it_was_served"),
        by("UPDATE rectification SET due_at = served_at"))),
    ("I18", "a notice for an alert that asks for none", by(
        "UPDATE rectification SET alert_id = (SELECT min(id) FROM alert WHERE level = 'blue')")),
    ("I18", "a notice open again", by("UPDATE rectification SET confirmed_at = NULL, confirmed_by = NULL")),
    ("I18", "an answer that was changed", by("UPDATE rectification_answer SET text = '没有问题。'")),
    ("I18", "an answer lost", by("DELETE FROM rectification_answer")),
]  # fmt: skip
