"""Removal of imported sprints, which a later export replaces; no other note can be removed.

The service's role may not delete, so the function does it with its owner's rights
(docs/adr/0087-later-exports-are-updates.md).
"""

from alembic import op

revision = "chronicle_0006"
down_revision = "chronicle_0005"
branch_labels = None
depends_on = None

# A note with action items stays: people work on them.
_REMOVE = """
    CREATE OR REPLACE FUNCTION remove_imported_sprints(project text, sprint_ids text[])
    RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        removed bigint;
        ids uuid[];
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended(project, 7316002));
        ids := ARRAY(
            SELECT id FROM sprint_retrospectives AS r
            WHERE project_id = project AND origin = 'import' AND sprint_id = ANY(sprint_ids)
              AND NOT EXISTS (
                  SELECT FROM retrospective_action_items WHERE retrospective_id = r.id));
        DELETE FROM retrospective_attendees WHERE retrospective_id = ANY(ids);
        DELETE FROM sprint_retrospectives WHERE id = ANY(ids);
        GET DIAGNOSTICS removed = ROW_COUNT;
        DELETE FROM project_history WHERE project_id = project;
        INSERT INTO project_history SELECT * FROM history_of(project);
        RETURN removed;
    END
    $$;
"""


def upgrade() -> None:
    """Create the function."""
    op.execute(_REMOVE)
