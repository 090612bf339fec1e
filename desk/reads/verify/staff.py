"""What must hold of officers' sessions. Looks at no claim."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, func, select

from desk.domain.audit import EventKind
from desk.store.tables import metadata

SESSION, OFFICER, EVENT = (metadata.tables[name] for name in ("officer_session", "officer", "event"))
_ENDING: Final = (EventKind.ROLES_CHANGED, EventKind.PASSWORD_CHANGED, EventKind.FACTOR_RESET, EventKind.OFFICER_DISABLED)


def i34_no_session_outlives_what_ends_it(conn: Connection) -> Iterator[str]:
    """No session of a disabled officer is left, and none that began before their roles, password or second factor changed."""
    ended = (
        select(EVENT.c.subject, func.max(EVENT.c.at).label("at"))
        .where(EVENT.c.kind.in_([kind.value for kind in _ENDING]))
        .group_by(EVENT.c.subject)
    )
    last = {row.subject: row.at for row in conn.execute(ended)}
    sessions = select(SESSION.c.officer_id, SESSION.c.begun_at, OFFICER.c.disabled_at).join(
        OFFICER, OFFICER.c.id == SESSION.c.officer_id
    )
    for row in conn.execute(sessions):
        name = f"officer {row.officer_id}"
        if row.disabled_at is not None:
            yield f"{name}: is disabled, and a session is left"
        elif (at := last.get(f"officer:{row.officer_id}")) is not None and row.begun_at < at:
            yield f"{name}: a session is older than their last change of roles, password or second factor"


def i34_sessions_follow_a_sign_in(conn: Connection) -> Iterator[str]:
    """Every session that opens anything was written into its officer's chain."""
    signed = select(EVENT.c.subject, func.count()).where(EVENT.c.kind == EventKind.SIGNED_IN.value).group_by(EVENT.c.subject)
    told = {row[0]: row[1] for row in conn.execute(signed)}
    passed = select(SESSION.c.officer_id, func.count()).where(SESSION.c.passed_at.is_not(None)).group_by(SESSION.c.officer_id)
    for officer_id, count in conn.execute(passed):
        if count > told.get(f"officer:{officer_id}", 0):
            yield f"officer {officer_id}: {count} sessions, and fewer sign-ins"
