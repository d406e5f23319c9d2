"""Alembic runs inside the transaction that `migrate.upgrade` has opened."""

from alembic import context

from caseclock.storage.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
