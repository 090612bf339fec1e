"""`desk version`: what is running here."""

from desk.cli import session, showing
from desk.cli.showing import Json


def version(as_json: Json = False) -> None:
    """Show the versions of the desk, its schema, Python and the database. `schema` is null before `desk db upgrade`.

    Example: desk version --json
    """
    import platform
    from importlib.metadata import version as installed

    from desk import wiring

    settings = session.settings_of_shell()
    schema, newest = wiring.schema(settings)
    facts = {
        "app": installed("desk"),
        "schema": schema,
        "newest_schema": newest,
        "python": platform.python_version(),
        "database": wiring.database_name(settings),
    }
    if as_json:
        showing.document(facts)
    else:
        showing.table(("what", "version"), facts.items())
