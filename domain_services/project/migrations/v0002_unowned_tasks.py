"""Choice of a project: whether its sprints deal out tasks without an owner."""

from alembic import op

revision = "project_0002"
down_revision = "project_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is what every sprint did before, and what a release before goes on to store.
    op.execute("ALTER TABLE projects ADD COLUMN assign_unowned boolean NOT NULL DEFAULT true")
