"""Failed tries of runs, and the keys of the requests that began them."""

from alembic import op

revision = "memory_0015"
down_revision = "memory_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE runs
            ADD COLUMN tries integer NOT NULL DEFAULT 0,
            ADD COLUMN caller text,
            ADD COLUMN request_key text
        """
    )
    # A failed or abandoned run does not keep its key: the request may be sent again with it.
    op.execute(
        """
        CREATE UNIQUE INDEX runs_of_key ON runs (caller, request_key)
            WHERE request_key IS NOT NULL AND status IN ('running', 'decided', 'done')
        """
    )
    op.execute("CREATE INDEX runs_failed ON runs (run_id DESC) WHERE status = 'failed'")
