"""Tables of the backlog database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
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
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

# One row a project with tasks: the number of its last task, and the lock of its backlog.
backlogs = Table(
    "backlogs",
    metadata,
    Column("project_id", Text, primary_key=True),
    Column("last_number", Integer, nullable=False),
)

_CARRIED_OVER = """
    status <> 'completed' AND (status = 'in_progress' OR progress_percentage > 0
                               OR (sprint_id IS NULL AND sprint_version > 0)
                               OR begun OR source_sprint IS NOT NULL)
"""
_IN_SOURCE_SPRINT = "status <> 'completed' AND source_sprint IS NOT NULL"

# `ready` says whether all of `depends_on` is completed. A trigger maintains it, because lists are
# ordered by it and would have to read every dependency otherwise.
# `version` rises with every change here and is never below `sprint_version`, the sprint service's
# version that was applied last.
# `ended_sprint_id` is the last sprint that released the task completed, null before. It is compared
# with `sprint_id`, so that it needs no reset when the task enters another sprint.
# `order_number` is the place in the Product Owner's order. `rank` is the same for open tasks, null
# for completed ones, so that a task that is opened again has its place again. `carried_over` says
# that work has begun, or that a sprint left the task unfinished. Neither raises `version`.
# `source_sprint` is the sprint that runs in the task's source: `in_source_sprint` tells the open
# tasks of it, which are planned first (docs/adr/0162-running-sprint-of-the-tracker.md).
tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("backlogs.project_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("sprint_id", Text),
    Column("ended_sprint_id", Text),
    Column("assigned_to", Text),
    Column("progress_percentage", Integer, nullable=False, server_default=text("0")),
    Column("priority", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("labels", ARRAY(Text), nullable=False),
    Column("estimate", Double),
    Column("external_key", Text),
    Column("order_number", Integer),
    Column("rank", Integer, Computed("CASE WHEN status <> 'completed' THEN order_number END")),
    Column("begun", Boolean, nullable=False, server_default=text("false")),
    Column("started_on", Date),
    Column("source_sprint", Text),
    Column("in_source_sprint", Boolean, Computed(_IN_SOURCE_SPRINT), nullable=False),
    Column("carried_over", Boolean, Computed(_CARRIED_OVER), nullable=False),
    Column("depends_on", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("ready", Boolean, nullable=False, server_default=text("true")),
    Column("story_id", Text, ForeignKey("tasks.task_id", deferrable=True, initially="DEFERRED")),
    Column("version", BigInteger, nullable=False, server_default=text("1")),
    Column("sprint_version", BigInteger, nullable=False, server_default=text("0")),
    Column("created_on", Date),
    Column("finished_on", Date),
    Column("created_at", DateTime(timezone=True), server_default=text("now()")),
    Column("updated_at", DateTime(timezone=True), server_default=text("now()")),
)

# Dates of tasks that were finished before the backlog was kept here. They are no tasks: nobody can
# plan or change one (docs/adr/0113-order-past-tasks-and-ages.md).
past_tasks = Table(
    "past_tasks",
    metadata,
    Column("project_id", Text, primary_key=True),
    Column("external_key", Text, primary_key=True),
    Column("created_on", Date, nullable=False),
    Column("finished_on", Date, nullable=False),
)

task_history = Table(
    "task_history",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("task_id", Text, ForeignKey("tasks.task_id"), nullable=False),
    Column("at", DateTime(timezone=True), server_default=text("now()")),
    Column("actor", Text, nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("progress", Integer, nullable=False),
)
