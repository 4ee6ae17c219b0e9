"""Tables of the sprint database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from domain_services.kernel.messaging import outbox as kernel_outbox

metadata = MetaData()

outbox = kernel_outbox.table(metadata)

# `last_assignee` is the last person whom the round robin assigned a task.
counters = Table(
    "counters",
    metadata,
    Column("project_id", Text, primary_key=True),
    Column("last_number", Integer, nullable=False),
    Column("last_assignee", Text),
)

# `timezone`, `as_of`, `team` and `working_days` are copies of the project's: a close must not wait
# for its service. `created_on` and `ended_on` are days of the project too.
# The columns from `saga_step` on are set while the sprint is `planned`, and null afterwards.
sprints = Table(
    "sprints",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("goal", Text),
    Column("status", Text, nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("duration_weeks", Integer, nullable=False),
    Column("requested_by", Text),
    Column("timezone", Text, nullable=False),
    Column("as_of", Date),
    Column("team", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=text("now()")),
    Column("closed_at", DateTime(timezone=True)),
    Column("created_on", Date),
    Column("working_days", ARRAY(Date)),
    Column("ended_on", Date),
    Column("worked", Boolean),
    Column("completed_outside", Integer),
    Column("completed_arrived", Integer),
    Column("saga_step", Text),
    Column("lease_token", UUID(as_uuid=True)),
    Column("lease_until", DateTime(timezone=True)),
    Column("request", JSONB),
)

sprint_tasks = Table(
    "sprint_tasks",
    metadata,
    Column("sprint_id", Text, ForeignKey("sprints.id"), primary_key=True),
    Column("task_id", Text, primary_key=True),
    Column("project_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("progress_percentage", Integer, nullable=False),
    Column("assigned_to", Text),
    Column("priority", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("finished_on", Date),
    Column("estimate", Double),
)

# `day` is the project's own; `report_id` is the daily scrum that compiled the entry, null before.
progress_history = Table(
    "progress_history",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("sprint_id", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("previous_percentage", Integer, nullable=False),
    Column("progress_percentage", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("employee_id", Text),
    Column("yesterday_work", Text),
    Column("today_work", Text),
    Column("impediments", Text),
    Column("recorded_at", DateTime(timezone=True), server_default=text("now()")),
    Column("report_id", UUID(as_uuid=True)),
)

daily_scrums = Table(
    "daily_scrums",
    metadata,
    Column("sprint_id", Text, ForeignKey("sprints.id"), primary_key=True),
    Column("scrum_date", Date, primary_key=True),
    Column("report_id", UUID(as_uuid=True), nullable=False),
    Column("updated_tasks", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=text("now()")),
)
