"""How alembic meets the database: on a connection handed in by `desk db upgrade`, or on DESK_DATABASE_URL for developers."""

import os

from alembic import context
from sqlalchemy import Connection

from desk.store import metadata
from desk.store.engines import plain_engine


def migrate(connection: Connection) -> None:
    """Run the revisions inside the caller's transaction."""
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=False, compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()


handed_in = context.config.attributes.get("connection")
if handed_in is not None:
    migrate(handed_in)
else:
    with plain_engine(os.environ["DESK_DATABASE_URL"]).begin() as own:
        migrate(own)
