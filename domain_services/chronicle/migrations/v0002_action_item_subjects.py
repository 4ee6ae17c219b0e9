"""The impediment, or the task, that an action item is about, as columns of their own."""

from alembic import op

revision = "chronicle_0002"
down_revision = "chronicle_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and fill them from the sentences that the sprint service wrote."""
    op.execute(
        """
        ALTER TABLE retrospective_action_items ADD COLUMN impediment text, ADD COLUMN task_id text;
        UPDATE retrospective_action_items
        SET impediment = btrim(substr(description, 1 + length('Remove the impediment: ')))
        WHERE starts_with(description, 'Remove the impediment: ');
        UPDATE retrospective_action_items
        SET task_id = substring(description
                                FROM '^Decide about ([A-Z0-9_-]+-TASK[0-9]+), left at [0-9]+ %$')
        WHERE starts_with(description, 'Decide about ');
        """
    )
