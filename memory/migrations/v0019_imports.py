"""Imports by route: uploads, their state, and what imports leave for the next one."""

from alembic import op

revision = "memory_0019"
down_revision = "memory_0018"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE imports (
        import_id uuid PRIMARY KEY,
        owner text NOT NULL,
        key text,
        content_hash text NOT NULL,
        state text NOT NULL,
        request jsonb NOT NULL,
        projects text[] NOT NULL DEFAULT '{}',
        rows_read bigint NOT NULL DEFAULT 0,
        preview text,
        results text,
        refused bytea,
        problem text,
        steps_done integer NOT NULL DEFAULT 0,
        steps_total integer NOT NULL DEFAULT 0,
        has_written boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        worker uuid,
        busy_until timestamptz,
        UNIQUE (owner, key)
    )
    """,
    "CREATE INDEX imports_by_age ON imports (updated_at)",
    """
    CREATE TABLE import_files (
        import_id uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
        number integer NOT NULL,
        name text NOT NULL,
        bytes bigint NOT NULL,
        PRIMARY KEY (import_id, number)
    )
    """,
    """
    CREATE TABLE import_parts (
        import_id uuid NOT NULL,
        file_number integer NOT NULL,
        number integer NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (import_id, file_number, number),
        FOREIGN KEY (import_id, file_number) REFERENCES import_files ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE known_rows (
        project_id text PRIMARY KEY,
        content bytea NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE import_settings (
        project_id text PRIMARY KEY,
        headers text NOT NULL,
        request jsonb NOT NULL,
        source jsonb,
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
