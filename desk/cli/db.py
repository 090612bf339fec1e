"""`desk db`: the schema of the database."""

import typer

from desk.cli import session, showing
from desk.cli.showing import Json

group = typer.Typer(help="The database's schema.")


@group.command("upgrade")
def upgrade(as_json: Json = False) -> None:
    """Bring the database to the newest schema, make the keys, seed the calendar. Twice changes nothing.

    Example: desk db upgrade
    """
    from desk import wiring

    settings = session.settings_of_shell()
    wiring.prepare(settings)
    now, newest = wiring.schema(settings)
    if as_json:
        showing.document({"schema": now, "newest": newest})
    else:
        showing.say(f"the database is at schema {now}")
