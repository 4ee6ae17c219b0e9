"""Leases of shared chores, and the id of the installation, which names its objects in a cluster."""

from alembic import op

revision = "memory_0009"
down_revision = "memory_0008"
branch_labels = None
depends_on = None

_LEASES = """
CREATE TABLE leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    held_until timestamptz NOT NULL,
    finished_at timestamptz
)
"""
_INSTALLATION = """
CREATE TABLE installation (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    id uuid NOT NULL
)
"""


def upgrade() -> None:
    op.execute(_LEASES)
    op.execute(_INSTALLATION)
