"""What can be done to incidents, their members and settlements by hand, each with the one invariant that it breaks."""

from sqlalchemy import Connection, insert, select

from desk.actions.incidents import report_words
from desk.domain.audit import EventKind, Happening, digest, stored_data
from desk.store import events
from desk.store.tables import metadata
from tests.verify.breaking import KIT, Breakage, by
from tests.verify.story import TOLD_AT, Story

Table = list[tuple[str, str, Breakage]]

OPEN = "id = (SELECT min(id) FROM incident WHERE opened_at IS NOT NULL AND closed_at IS NULL)"
CLOSED = "id = (SELECT min(id) FROM incident WHERE closed_at IS NOT NULL)"
OF_OPEN = f"incident_id = (SELECT id FROM incident WHERE {OPEN})"

REPORT, MEMBER, INCIDENT = (metadata.tables[name] for name in ("incident_report", "incident_member", "incident"))


def report_with_a_code(conn: Connection, story: Story) -> None:
    """A report saved as an officer would, but for what a member's code is: nothing else is wrong with it."""
    member = story.ids["crowd_paid"]
    incident = select(MEMBER.c.incident_id).where(MEMBER.c.claim_id == member).scalar_subquery()
    last = conn.execute(select(REPORT).where(REPORT.c.incident_id == incident).order_by(REPORT.c.version.desc()).limit(1)).one()
    site_id = conn.execute(select(INCIDENT.c.site_id).where(INCIDENT.c.id == last.incident_id)).scalar_one()
    said = f"查询码{KIT.sealer.access_code(member, 1)}。"
    row = {**last._mapping, "id": 7, "version": last.version + 1, "filed": False, "cause": said, "saved_at": TOLD_AT}
    conn.execute(insert(REPORT), row)
    data: dict[str, object] = {"incident": str(last.incident_id), "report": "7", "text": digest(report_words(row))}
    kind, actor = EventKind.INCIDENT_REPORT_SAVED, f"officer:{last.saved_by}"
    told = Happening(f"site:{site_id}", kind, TOLD_AT, actor, "intake", site_id, "told", data=stored_data(data))
    events.append(conn, 7, told)


OF_INCIDENTS: Table = [
    ("I29", "a report with a member's code", report_with_a_code),
    ("I18", "an incident at another level", by(f"UPDATE incident SET level = 'major' WHERE {OPEN}")),
    ("I18", "a level that was never reached", by(f"UPDATE incident SET levels = '[]' WHERE {OPEN}")),
    ("I18", "an incident closed untold", by(f"UPDATE incident SET closed_by = NULL WHERE {CLOSED}")),
    ("I18", "a plan that says something else", by(f"UPDATE incident SET plan = '不退。' WHERE {CLOSED}")),
    ("I18", "reported to somebody else", by(f"UPDATE incident SET reported_to = '无' WHERE {CLOSED}")),
    ("I18", "a report that was changed", by("UPDATE incident_report SET cause = '天气。' WHERE filed")),
    ("I18", "a draft lost", by("DELETE FROM incident_report WHERE version = 1")),
    ("I18", "a claim of another incident", by(f"DELETE FROM incident_member WHERE {OF_OPEN}")),
    ("I18", "a member who never joined", by(
        "UPDATE incident_member SET state = 'joined', joined_at = found_at WHERE claim_id = {crowd_proposed_id}")),
    ("I18", "a member who left at another time", by(
        "UPDATE incident_member SET left_at = found_at WHERE claim_id = {crowd_left_id}")),
    ("I18", "a vote turned round", by("UPDATE settlement_line SET vote = 'yes' WHERE claim_id = {crowd_no_id}")),
    ("I18", "another amount than was offered", by(
        "UPDATE settlement_line SET amount_minor = 1 WHERE claim_id = {crowd_no_id}")),
    ("I18", "a batch handed in by nobody", by("UPDATE settlement SET submitted_by = made_by")),
    ("I09", "a row paid with another's money", by(
        "UPDATE settlement_line SET payout_id = (SELECT min(id) FROM payout) WHERE claim_id = {crowd_paid_id}")),
    ("I25", "a step's clock that ran on", by(
        f"UPDATE incident_clock SET base_at = due_at WHERE {OF_OPEN} AND kind = 'incident_plan'")),
    ("I25", "a miss of an incident found at another time", by(
        "UPDATE clock_breach SET recorded_at = due_at WHERE incident_id IS NOT NULL")),
    ("I25", "a reminder of what does not run", by(
        "UPDATE clock_reminder SET ended_at = NULL, kind = 'incident_first_report', due_at = told_at"
        " WHERE incident_id IS NOT NULL AND id = (SELECT min(id) FROM clock_reminder WHERE incident_id IS NOT NULL)")),
]  # fmt: skip
