"""Alembic environment: runs one service's version scripts on the connection that holds the lock."""

from alembic import context
from sqlalchemy import Connection, create_engine, pool


def run(connection: Connection) -> None:
    """Run all versions and the grants in one transaction."""
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
        for grant in context.config.attributes["grants"]:
            connection.exec_driver_sql(grant)
    connection.commit()


locked: Connection | None = context.config.attributes.get("connection")
if locked is not None:
    run(locked)
else:  # another command of Alembic, by its configuration alone
    engine = create_engine(context.config.attributes["database_url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        run(connection)
    engine.dispose()
