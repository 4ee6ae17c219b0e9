"""Items set aside: tries and reasons of deliveries and of unfinished creations of sprints."""

from alembic import op

from domain_services.kernel.messaging import deliveries

revision = "sprint_0008"
down_revision = "sprint_0007"
branch_labels = None
depends_on = None

_SAGAS = """
ALTER TABLE sprints
    ADD COLUMN saga_tries integer NOT NULL DEFAULT 0,
    ADD COLUMN saga_error text,
    ADD COLUMN saga_set_aside_at timestamptz;
CREATE INDEX sprints_set_aside ON sprints (saga_set_aside_at) WHERE saga_set_aside_at IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(deliveries.SET_ASIDE_MIGRATION)
    op.execute(_SAGAS)
