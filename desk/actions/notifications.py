"""Writing a notification down in the transaction of its event, with the job that will send it. Sends nothing.

The outbox holds neither address nor text: what a visitor left is read again when the message goes out.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from desk.domain.errors import NotFound
from desk.domain.notification import Carrier, News, NotificationState, carrier_for, due_at
from desk.ports import Row, Work
from desk.store import jobs, notifications, people
from desk.store.tables import ClaimRow, SiteRow

NOTIFY = "notify"
VISITOR = "visitor"
Contact = Mapping[str, str | None]


def notify(work: Work, claim: ClaimRow, site: SiteRow, event_id: int, news: News | None) -> None:
    """Let the visitor be told of an event, which is written already, by the contact they left; without one the slip does it."""
    if news is None or work.kit.courier is None:
        return
    row = _row(work, claim.model_dump(), site, event_id, news, carrier_now(work, claim.id))
    if row is not None:
        notifications.add(work, row)
        send_later(work, row)


def rows_of_lodging(work: Work, claim: Row, site: SiteRow, event_id: int, contact: Contact) -> dict[str, list[Row]]:
    """The same for a lodging, whose rows are inserted with those of others: the outbox's row and its job, where there are any."""
    courier = work.kit.courier
    carrier = carrier_for(contact, courier.open_to) if courier else Carrier.SLIP
    row = _row(work, claim, site, event_id, News.LODGED, carrier)
    return {"notification": [row], "job": [jobs.row_of(work, NOTIFY, *_job(row), row["due_at"])]} if row else {}


def carrier_now(work: Work, claim_id: int) -> Carrier:
    """By what the visitor of a claim can be written to now; only the slip is left of one who was erased."""
    if work.kit.courier is None:
        return Carrier.SLIP
    contact = contact_of(work, claim_id)
    return carrier_for(contact, work.kit.courier.open_to) if contact else Carrier.SLIP


def contact_of(work: Work, claim_id: int) -> Contact | None:
    """What the visitor left, opened; None once their key is destroyed. It is stored nowhere else."""
    try:
        return work.kit.sealer.open(claim_id, people.get(work.conn, claim_id))
    except NotFound:
        return None


def send_later(work: Work, row: Row) -> None:
    """Queue the job of a notification's turn; one turn has one job."""
    jobs.add(work, NOTIFY, *_job(row), row["due_at"])


def _job(row: Row) -> tuple[str, dict[str, str]]:
    return f"{NOTIFY}:{row['id']}:{row['turn']}", {"notification": str(row["id"])}


def _row(work: Work, claim: Row, site: SiteRow, event_id: int, news: News, carrier: Carrier) -> Row | None:
    if carrier is Carrier.SLIP or work.kit.courier is None:
        return None
    due = due_at(news, work.now, ZoneInfo(site.time_zone), work.kit.courier.quiet, claim["departs_at"])
    return {
        "id": work.kit.lots.number(), "claim_id": claim["id"], "site_id": site.id, "event_id": event_id, "recipient": VISITOR,
        "channel": carrier.value, "news": news.value, "state": NotificationState.WAITING.value, "turn": 1, "tries": 0,
        "why": None, "made_at": work.now, "due_at": due, "tried_at": None, "ended_at": None,
    }  # fmt: skip
