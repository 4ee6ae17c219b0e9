"""Tables of the daily-scrum database: simulated days and their events, but no tasks."""

from sqlalchemy import Column, Date, DateTime, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from domain_services.kernel.messaging import outbox as kernel_outbox

metadata = MetaData()

outbox = kernel_outbox.table(metadata)

# `answer` is repeated to every later call of the day.
scrum_runs = Table(
    "scrum_runs",
    metadata,
    Column("sprint_id", Text, primary_key=True),
    Column("scrum_date", Date, primary_key=True),
    Column("answer", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=text("now()")),
)
