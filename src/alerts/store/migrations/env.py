"""Alembic's entry point: the connection comes from Database.upgrade()."""

from alembic import context

from alerts.store.schema import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=False,  # the caller's transaction holds it all
)
context.run_migrations()
