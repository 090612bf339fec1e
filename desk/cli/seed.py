"""`desk seed`: sites and staff for trying the desk out."""

from typing import TYPE_CHECKING

from desk.cli import session, showing
from desk.cli.exits import Exit, Failure
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.ports import Desk


def seed(as_json: Json = False) -> None:
    """Add two sites with staff and merchants, and print everybody's token and password, once.

    Refused in production, and where there is a site already: a second seed could not print the same tokens again.

    Example: desk seed --json
    """
    from desk import wiring

    settings = session.settings_of_shell()
    if settings.in_production:
        raise Failure(Exit.FAILED, "seed prints passwords and is refused where DESK_ENV is production: use `desk sites add`")
    wiring.prepare(settings)
    officers = session.with_desk(_seeded, settings)
    if as_json:
        sites = list(dict.fromkeys(str(officer["site"]) for officer in officers if officer["site"]))
        showing.document({"sites": sites, "officers": officers})
        return
    columns = ("name", "role", "site", "token", "password")
    showing.table(columns, [[officer[column] for column in columns] for officer in officers])


async def _seeded(desk: "Desk") -> list[dict[str, str | None]]:
    import asyncio
    from dataclasses import asdict

    from desk.actions.seed import STAFF, seed_desk
    from desk.domain.errors import BadInput

    passwords = {name: desk.kit.lots.password() for name in STAFF}
    # Argon2 lets go of the interpreter, so the machine's cores share the work.
    hashing = (asyncio.to_thread(desk.kit.sealer.password_hash, password) for password in passwords.values())
    hashes = dict(zip(passwords, await asyncio.gather(*hashing), strict=True))
    try:
        officers = await desk.write(seed_desk, session.operator(), hashes)
    except BadInput as taken:
        if taken.field != "/sites":
            raise
        message = "this desk has sites already: seed a new one (DESK_DATA_DIR), or use `desk officers token`"
        raise Failure(Exit.CONFLICT, message) from None
    return [{**asdict(officer), "password": passwords[officer.name]} for officer in officers]
