"""Tables of the project database."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    MetaData,
    Table,
    Text,
    text,
)

# Statements only: the migrations, not this metadata, create the tables.
metadata = MetaData()

projects = Table(
    "projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("subdivision", Text),
    Column("timezone", Text, nullable=False),
    Column("progress_mode", Text, nullable=False),
    Column("as_of", Date),
    Column("created_at", DateTime(timezone=True), server_default=text("now()")),
    Column("assign_unowned", Boolean, nullable=False),
)

employees = Table(
    "employees",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("role", Text),
)

# `position` is the order of joining, in which the sprint service assigns tasks.
team_members = Table(
    "team_members",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), primary_key=True),
    Column("employee_id", Text, ForeignKey("employees.id"), primary_key=True),
    Column("position", BigInteger, Identity(), nullable=False),
)

# Days that a project has decided by itself; all others are its country's.
calendar_days = Table(
    "calendar_days",
    metadata,
    Column("project_id", Text, ForeignKey("projects.id"), primary_key=True),
    Column("date", Date, primary_key=True),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
)

# No project: the leave of a person counts on every team of that person.
pto = Table(
    "pto",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("employee_id", Text, ForeignKey("employees.id"), nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("reason", Text, nullable=False),
)
