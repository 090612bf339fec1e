"""One line of revisions, and what they build is what the tables say, on both engines."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

from tests.house import tree


def test_the_revisions_end_in_one_head() -> None:
    assert len(ScriptDirectory(str(tree.ROOT / "alembic")).get_heads()) == 1


def test_the_revisions_build_what_the_tables_say(database: str) -> None:
    from desk.store import metadata

    with create_engine(database, poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(database: str) -> None:
    from desk.store.migrations import current, head, upgrade

    upgrade(database)
    assert current(database) == head()
