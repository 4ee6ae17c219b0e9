"""Daily reports for the chronicle: each recorded entry goes into exactly one of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.schema import EmployeeReportCreate, TaskReportCreate

MAX_ENTRIES = 1000  # the chronicle takes 2,000 of each person
MAX_PEOPLE = 500  # as many as the chronicle takes of a day
MAX_DAYS = 31  # as many as the chronicle takes
MAX_BYTES = 900_000  # of all entries: the chronicle takes a body of 1 MiB
_ENTRY_BYTES = 400  # of an entry beside its texts

# The oldest first; entries that do not fit into one report are left to the next
# (docs/adr/0033-bounded-reports.md).
_COMPILE = text(
    """
    WITH waiting AS (
        SELECT h.id, h.day, coalesce(h.employee_id, t.assigned_to) AS person,
               :entry_bytes + octet_length(CAST(to_json(
                   concat(h.yesterday_work, h.today_work, h.impediments)) AS text)) AS size
        FROM progress_history AS h JOIN sprint_tasks AS t USING (sprint_id, task_id)
        WHERE h.sprint_id = :sprint_id AND h.report_id IS NULL AND h.day <= :day
        ORDER BY h.id LIMIT :most_entries),
    numbered AS (
        SELECT *, row_number() OVER (PARTITION BY person ORDER BY id) = 1 AS first,
               row_number() OVER (PARTITION BY day ORDER BY id) = 1 AS first_of_day
        FROM waiting),
    summed AS (
        SELECT id, person, sum(size) OVER (ORDER BY id) AS size,
               count(*) FILTER (WHERE first) OVER (ORDER BY id) AS people,
               count(*) FILTER (WHERE first_of_day) OVER (ORDER BY id) AS days
        FROM numbered),
    compiled AS (
        UPDATE progress_history AS h SET report_id = :report_id
        FROM summed
        WHERE h.id = summed.id AND summed.size <= :most_bytes AND summed.people <= :most_people
          AND summed.days <= :most_days
        RETURNING h.*, summed.person)
    SELECT * FROM compiled ORDER BY person, id
    """
)
_LIMITS = {
    "most_entries": MAX_ENTRIES,
    "most_people": MAX_PEOPLE,
    "most_days": MAX_DAYS,
    "most_bytes": MAX_BYTES,
    "entry_bytes": _ENTRY_BYTES,
}


async def compile_entries(
    connection: AsyncConnection, sprint_id: str, report_id: UUID, until: date
) -> Sequence[Row[Any]]:
    """Put the unreported entries up to a day into a report, as many as fit; returns them."""
    values = {"sprint_id": sprint_id, "report_id": report_id, "day": until}
    return (await connection.execute(_COMPILE, values | _LIMITS)).all()


def by_person(entries: Sequence[Row[Any]]) -> list[EmployeeReportCreate]:
    """Group entries by the person who reported them."""
    people = dict.fromkeys(row.person for row in entries)
    return [
        EmployeeReportCreate(
            employee_id=person,
            tasks=[_task_report(row) for row in entries if row.person == person],
        )
        for person in people
    ]


def by_day(entries: Sequence[Row[Any]]) -> dict[date, list[EmployeeReportCreate]]:
    """Group entries by the day of the project on which they happened, then by person."""
    days = sorted({row.day for row in entries})
    return {day: by_person([row for row in entries if row.day == day]) for day in days}


def describe_sources(entries: Sequence[Row[Any]]) -> str:
    """Say on how many tasks progress was reported and on how many simulated; empty for neither."""
    counts = {
        source: len({row.task_id for row in entries if row.source == source})
        for source in ("reported", "simulated")
    }
    parts = [f"{source} on {count}" for source, count in counts.items() if count]
    if not parts:
        return ""
    first, *others = parts
    noun = "task" if first.endswith(" 1") else "tasks"
    return " and ".join([f"{first} {noun}", *others])


def _task_report(row: Row[Any]) -> TaskReportCreate:
    movement = f"{row.task_id}: from {row.previous_percentage}% to {row.progress_percentage}%."
    return TaskReportCreate(
        id=row.task_id,
        yesterday_work=row.yesterday_work or movement,
        today_work=row.today_work or "",
        impediments=row.impediments or "",
        created_at=row.recorded_at,
    )
