"""Alembic environment: runs one service's version scripts under an advisory lock."""

from alembic import context
from sqlalchemy import create_engine, pool, text

_LOCK = 7_316_001

engine = create_engine(context.config.attributes["database_url"], poolclass=pool.NullPool)
with engine.connect() as connection:
    # Replicas that start together queue here. The second has nothing to do.
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
        for grant in context.config.attributes["grants"]:
            connection.exec_driver_sql(grant)
    connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    connection.commit()
engine.dispose()
