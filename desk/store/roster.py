"""The duty roster as rows, and where officers get mail. Decides not who may be put on it."""

from datetime import date

from sqlalchemy import Connection, delete, insert, select, update

from desk.domain.policy import Role
from desk.ports import Row, Sealer, Work
from desk.store.tables import DutyRow, metadata

DUTY, OFFICER, ROLE, MAIL = (metadata.tables[name] for name in ("duty", "officer", "officer_role", "officer_mail"))


def on_duty(conn: Connection, site_id: int, on: date) -> list[int]:
    """Who is on duty at a site that day and still works there, in the order in which they were put on."""
    works = select(ROLE.c.id).where(ROLE.c.officer_id == DUTY.c.officer_id, ROLE.c.site_id == site_id).exists()
    query = (
        select(DUTY.c.officer_id)
        .join(OFFICER, OFFICER.c.id == DUTY.c.officer_id)
        .where(
            DUTY.c.site_id == site_id, DUTY.c.on_day == on, DUTY.c.removed_at.is_(None), OFFICER.c.disabled_at.is_(None), works
        )
        .order_by(DUTY.c.id)
    )
    return list(conn.execute(query).scalars())


def managers(conn: Connection, site_id: int) -> list[int]:
    """The managers of a site who are not disabled, by name."""
    query = select(OFFICER.c.id).join(ROLE, ROLE.c.officer_id == OFFICER.c.id).where(OFFICER.c.disabled_at.is_(None))
    mine = query.where(ROLE.c.site_id == site_id, ROLE.c.role == Role.MANAGER.value)
    return list(conn.execute(mine.order_by(OFFICER.c.name)).scalars())


def standing(conn: Connection, site_id: int, on: date, officer_id: int) -> DutyRow | None:
    """The row by which an officer is on duty that day, None where they are not."""
    mine = (DUTY.c.site_id == site_id) & (DUTY.c.on_day == on) & (DUTY.c.officer_id == officer_id)
    row = conn.execute(select(DUTY).where(mine, DUTY.c.removed_at.is_(None))).mappings().first()
    return DutyRow(**row) if row else None


def find(conn: Connection, site_id: int, duty_id: int) -> DutyRow | None:
    """A row of a site's roster, None without one of this id there."""
    row = conn.execute(select(DUTY).where(DUTY.c.id == duty_id, DUTY.c.site_id == site_id)).mappings().first()
    return DutyRow(**row) if row else None


def add(work: Work, row: Row) -> DutyRow:
    """Put an officer on duty; the database allows it once while it stands."""
    work.conn.execute(insert(DUTY), row)
    return DutyRow(**row)


def remove(work: Work, row: DutyRow, by: int) -> DutyRow:
    """Take an officer off duty; nothing else of a row is ever changed."""
    ended = {"removed_by": by, "removed_at": work.now}
    work.conn.execute(update(DUTY).where(DUTY.c.id == row.id).values(**ended))
    return DutyRow(**{**row.model_dump(), **ended})


def mail_of(conn: Connection, officer_id: int, sealer: Sealer) -> str | None:
    """Where an officer gets mail, None where they left no address or are disabled."""
    query = select(MAIL.c.sealed).join(OFFICER, OFFICER.c.id == MAIL.c.officer_id)
    sealed = conn.execute(query.where(MAIL.c.officer_id == officer_id, OFFICER.c.disabled_at.is_(None))).scalar()
    return sealer.open_secret(_purpose(officer_id), sealed) if sealed is not None else None


def has_mail(conn: Connection, officer_id: int) -> bool:
    """Whether an address of an officer is kept, disabled or not."""
    return conn.execute(select(MAIL.c.officer_id).where(MAIL.c.officer_id == officer_id)).first() is not None


def put_mail(work: Work, officer_id: int, address: str | None) -> None:
    """Seal and store an officer's address in place of the one before, or none."""
    work.conn.execute(delete(MAIL).where(MAIL.c.officer_id == officer_id))
    if address is not None:
        sealer = work.kit.sealer
        row = {"officer_id": officer_id, "sealed": sealer.seal_secret(_purpose(officer_id), address), "key_id": sealer.key_id}
        work.conn.execute(insert(MAIL), {**row, "set_at": work.now})


def _purpose(officer_id: int) -> str:
    return f"mail:{officer_id}"
