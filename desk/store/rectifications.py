"""Rectification notices as rows: served, answered, confirmed. Decides no moment."""

from sqlalchemy import Connection, insert, select, update

from desk.domain.errors import NotFound
from desk.ports import Row, Work
from desk.store.tables import RectificationAnswerRow, RectificationRow, metadata

NOTICE, ANSWER = metadata.tables["rectification"], metadata.tables["rectification_answer"]


def get(conn: Connection, rectification_id: int) -> RectificationRow:
    """A notice by its id. Raises NotFound."""
    row = conn.execute(select(NOTICE).where(NOTICE.c.id == rectification_id)).mappings().first()
    if row is None:
        raise NotFound
    return RectificationRow(**row)


def is_open(conn: Connection, respondent_id: int) -> bool:
    """Whether a merchant has a notice that nobody has confirmed yet."""
    mine = (NOTICE.c.respondent_id == respondent_id) & NOTICE.c.confirmed_at.is_(None)
    return conn.execute(select(NOTICE.c.id).where(mine)).first() is not None


def add(conn: Connection, row: Row) -> RectificationRow:
    """Insert a notice; the database allows one open for a merchant."""
    conn.execute(insert(NOTICE), row)
    return RectificationRow(**row)


def answers(conn: Connection, rectification_id: int) -> list[RectificationAnswerRow]:
    """What the merchant answered, oldest first."""
    mine = select(ANSWER).where(ANSWER.c.rectification_id == rectification_id).order_by(ANSWER.c.id)
    return [RectificationAnswerRow(**row) for row in conn.execute(mine).mappings()]


def add_answer(work: Work, notice: RectificationRow, text: str, by: int) -> RectificationAnswerRow:
    """Keep an answer to a notice whose site is locked."""
    row: Row = {
        "id": work.kit.lots.number(), "rectification_id": notice.id, "text": text, "written_at": work.now, "written_by": by,
    }  # fmt: skip
    work.conn.execute(insert(ANSWER), row)
    return RectificationAnswerRow(**row)


def confirm(work: Work, notice: RectificationRow, by: int) -> RectificationRow:
    """Write down who confirmed a notice whose site is locked."""
    said = {"confirmed_at": work.now, "confirmed_by": by}
    work.conn.execute(update(NOTICE).where(NOTICE.c.id == notice.id).values(**said))
    return RectificationRow(**{**notice.model_dump(), **said})
