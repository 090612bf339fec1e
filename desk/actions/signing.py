"""Officers signing in and out: tries counted, sessions begun and ended, the second factor shown. Verifies no slow hash.

The password itself is checked between two transactions, in a lane of its own: it takes a tenth of a second.
"""

import hashlib
from dataclasses import dataclass, replace

from desk.actions.steps import event_by
from desk.domain.audit import EventKind
from desk.domain.errors import SignInNeeded, TooManyTries
from desk.domain.policy import Kind, Viewer
from desk.domain.session import factor_step, must_show_factor
from desk.domain.throttle import FACTOR_TRIES, NAME_TRIES, SIGN_IN_TRIES, STAFF_NETWORK_TRIES, Allowance
from desk.ports import Kit, Work
from desk.store import events, officers, sessions, tries


@dataclass(frozen=True, slots=True)
class StaffKnock:
    """Somebody at the staff door; `network` is where they come from."""

    name: str
    network: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a password is compared with; `officer_id` is None where nobody of that name may sign in."""

    officer_id: int | None
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A session's token, for the cookie alone, and whether the second factor is still to be shown."""

    token: str
    passed: bool


def hash_of(token: str) -> str:
    """What is stored of a session's token: SHA-256 in hexadecimal. The token has 160 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def count_try(work: Work, knock: StaffKnock) -> Credentials:
    """Count a try at the staff door before the password is looked at, and say what to compare it with.

    A name from one network has few tries, from all networks together more, so that no stranger locks an officer out
    from afar by five guesses. Raises TooManyTries.
    """
    if not all(tries.take(work.conn, name, allowance, work.now) for name, allowance in _buckets(work.kit, knock)):
        raise TooManyTries(retry_after=SIGN_IN_TRIES.each_us // 1_000_000)
    officer = officers.find(work.conn, knock.name)
    if officer is None or officer.disabled_at is not None:
        return Credentials(None, None)
    return Credentials(officer.id, officer.password_hash)


def forgive_try(work: Work, knock: StaffKnock) -> None:
    """Take a try out again: nobody looked at the password."""
    for name, allowance in _buckets(work.kit, knock):
        tries.give_back(work.conn, name, allowance)


def begin_session(
    work: Work, knock: StaffKnock, officer: Viewer, password_hash: str, replaced: str | None, *, in_production: bool
) -> Begun:
    """Sign an officer in whose password was right, and give their tries back.

    `replaced` is the token the browser held before; it opens nothing any more. Where a second factor is due, the session
    opens nothing until it is shown, and one is made for an officer who must have it and has none. Raises SignInNeeded when
    officer or password changed meanwhile.
    """
    assert officer.id is not None
    now = officers.find(work.conn, officer.name)
    if now is None or now.disabled_at is not None or now.password_hash != password_hash:
        raise SignInNeeded
    forgive_try(work, knock)
    if replaced:
        sessions.end_by_hash(work.conn, hash_of(replaced))
    factor = sessions.factor_of(work.conn, officer.id)
    must = must_show_factor(frozenset().union(*officer.roles.values()), in_production=in_production)
    if factor is None and must:
        _make_factor(work, officer.id)
    return _begin(work, officer, passed=not must and (factor is None or factor.confirmed_at is None))


def sit_down(work: Work, officer: Viewer, replaced: str | None) -> Begun:
    """Sign an officer in whom nobody asked for a password: a demo alone does so. `replaced` as in `begin_session`."""
    if replaced:
        sessions.end_by_hash(work.conn, hash_of(replaced))
    return _begin(work, officer, passed=True)


def pass_factor(work: Work, officer: Viewer, session_id: int, code: str) -> Begun | None:
    """Finish signing in: a new session in place of the one that waited for the code. None when the code is wrong.

    Raises TooManyTries beyond five wrong codes, SignInNeeded when the session ended meanwhile.
    """
    if not _is_right(work, officer, code):
        return None
    if not sessions.end(work.conn, session_id):
        raise SignInNeeded
    return _begin(work, officer, passed=True)


def touch_session(work: Work, session_id: int) -> None:
    """Remember that a session was used now."""
    sessions.touch(work, session_id)


def sign_out(work: Work, officer: Viewer, session_id: int) -> None:
    """End one session. Twice changes nothing."""
    if sessions.end(work.conn, session_id):
        _note(work, officer, EventKind.SIGNED_OUT)


def count_present(work: Work, officer: Viewer) -> None:
    """Count a try at the present password, before it is looked at: whoever took a seat must not guess it. Raises TooManyTries."""
    if not tries.take(work.conn, f"present:{officer.id}", FACTOR_TRIES, work.now):
        raise TooManyTries(retry_after=FACTOR_TRIES.each_us // 1_000_000)


def forgive_present(work: Work, officer: Viewer) -> None:
    """Take the try out again: the password was right."""
    tries.give_back(work.conn, f"present:{officer.id}", FACTOR_TRIES)


def change_password(work: Work, officer: Viewer, seen_hash: str, new_hash: str) -> None:
    """Give an officer the password they chose; every session of theirs ends. Raises SignInNeeded when it changed meanwhile.

    Source: RELIABILITY I34.
    """
    assert officer.id is not None
    if not officers.set_password(work.conn, officer.id, new_hash, seen_hash):
        raise SignInNeeded
    sessions.end_all(work.conn, officer.id)
    _note(work, officer, EventKind.PASSWORD_CHANGED)


def make_factor(work: Work, officer: Viewer) -> None:
    """Prepare a second factor; it counts once a code of it was shown. One that counts already stays as it is."""
    assert officer.id is not None
    factor = sessions.factor_of(work.conn, officer.id)
    if factor is None or factor.confirmed_at is None:
        _make_factor(work, officer.id)


def confirm_factor(work: Work, officer: Viewer, code: str) -> bool:
    """Let the second factor count from now on; False when the code is wrong. Raises TooManyTries."""
    if not _is_right(work, officer, code):
        return False
    _note(work, officer, EventKind.FACTOR_SET)
    return True


def _is_right(work: Work, officer: Viewer, code: str) -> bool:
    assert officer.id is not None
    bucket = f"factor:{officer.id}"
    if not tries.take(work.conn, bucket, FACTOR_TRIES, work.now):
        raise TooManyTries(retry_after=FACTOR_TRIES.each_us // 1_000_000)
    factor = sessions.factor_of(work.conn, officer.id)
    if factor is None:
        return False
    secret = work.kit.sealer.open_secret(f"factor:{officer.id}", factor.sealed)
    # Phones know the machine's time, whatever a test's clock says.
    step = factor_step(secret, code, work.kit.clock.machine_now(), factor.last_step)
    if step is None:
        return False
    sessions.use_factor(work, factor, step)
    tries.give_back(work.conn, bucket, FACTOR_TRIES)
    return True


def _begin(work: Work, officer: Viewer, *, passed: bool) -> Begun:
    assert officer.id is not None
    token = work.kit.lots.token()
    sessions.begin(work, officer.id, hash_of(token), passed=passed)
    if passed:
        _note(work, officer, EventKind.SIGNED_IN)
    return Begun(token, passed)


def _make_factor(work: Work, officer_id: int) -> None:
    secret = work.kit.sealer.new_factor()
    sessions.put_factor(work, officer_id, work.kit.sealer.seal_secret(f"factor:{officer_id}", secret))


def _note(work: Work, officer: Viewer, kind: EventKind) -> None:
    assert officer.kind is Kind.OFFICER
    event = event_by(officer, f"officer:{officer.id}", None, kind, work.now)
    # Somebody with roles at sites alone has none beside them, where this happens.
    event = replace(event, role=event.role or ",".join(sorted(frozenset().union(*officer.roles.values()))))
    events.append(work.conn, work.kit.lots.number(), event)


def _buckets(kit: Kit, knock: StaffKnock) -> tuple[tuple[str, Allowance], ...]:
    name, network = knock.name.strip().casefold(), knock.network
    pair = tries.unreal(kit.sealer.tag("staff-pair", f"{name}\n{network}"))
    return (
        (f"staff-{pair}", SIGN_IN_TRIES),
        (f"staff-all-{tries.unreal(kit.sealer.tag('staff-name', name))}", NAME_TRIES),
        (f"staff-{tries.network(kit.sealer.tag('staff-network', network))}", STAFF_NETWORK_TRIES),
    )
