"""Daily scrum: held once a sprint and day of the project, compiled for the chronicle."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.schema import DailyScrumReportCreate, SummaryMetrics
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Conflict, Invalid, NotFound
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Availability, ProgressMode, Project
from domain_services.sprint import simulation
from domain_services.sprint.logic import (
    deliveries,
    progress,
    reports,
    running_sprint,
    sprints,
)
from domain_services.sprint.logic.project_calendar import Calendar
from domain_services.sprint.models import daily_scrums
from domain_services.sprint.models import sprints as sprint_rows
from domain_services.sprint.schema import DailyScrumRequest, DailyScrumRun, Sprint


class SprintNotStarted(Conflict):
    code = "sprint_not_started"
    title = "The sprint has not begun"


class SprintOver(Conflict):
    code = "sprint_over"
    title = "The sprint's last day has passed"


class ProjectHeld(Conflict):
    code = "project_held"
    title = "The project is held at a day"


class DailyScrum:
    """Holds daily scrums."""

    def __init__(self, database: Database, project: ProjectClient) -> None:
        self._database = database
        self._project = project

    async def run(self, sprint_id: str, request: DailyScrumRequest) -> DailyScrumRun:
        """Report a day of the project; a second call for a day repeats the first's answer.

        Raises: `NotFound`, `NotInProgress`, `SprintNotStarted`, `Invalid` for a day outside the
        sprint, `Unavailable`; `ProjectHeld` and `SprintOver` for a scheduler's moment.
        """
        async with self._database.reading() as connection:
            row = await _sprint_row(connection, sprint_id)
        project = await self._project.get_project(row.project_id)
        day = _day(row, project, request.scheduled_for)
        # Checked here to spare a call, and again under the lock, where racing calls are decided.
        async with self._database.reading() as connection:
            earlier = await _earlier(connection, sprint_id, day)
        if earlier is not None:
            return _repeated(earlier)
        check = self._project.check_availability
        availability, sprint_window = await asyncio.gather(
            check(project.id, day, day), check(project.id, row.start_date, row.end_date)
        )
        async with self._database.transaction() as connection:
            sprint = await running_sprint.lock(connection, sprint_id)
            if (earlier := await _earlier(connection, sprint_id, day)) is not None:
                return _repeated(earlier)
            # docs/adr/0031-sprint-keeps-calendar.md
            await _store_project(connection, sprint_id, project, sprint_window)
            return await _hold(connection, sprint, project.progress_mode, availability)


async def _sprint_row(connection: AsyncConnection, sprint_id: str) -> Row[Any]:
    row = (
        await connection.execute(select(sprint_rows).where(sprint_rows.c.id == sprint_id))
    ).first()
    if row is None:
        raise NotFound(f"there is no sprint {sprint_id}", sprint_id=sprint_id)
    return row


def _day(sprint: Row[Any], project: Project, scheduled_for: date | datetime | None) -> date:
    """Return the day that a scrum is of.

    Raises: `SprintNotStarted`, `Invalid`, and as `_scheduled_day`.

    It lies between the sprint's first day and today; a named one may lie ahead, up to the sprint's
    last day.
    """
    day = today = project.today
    latest = max(today, sprint.end_date)
    if isinstance(scheduled_for, datetime):
        day = _scheduled_day(sprint, project, scheduled_for)
    elif scheduled_for is not None:
        day = scheduled_for
    if day > latest:
        raise Invalid(f"{day} is to come: the newest day that may be held is {latest}")
    if day < sprint.start_date:
        raise SprintNotStarted(
            f"{sprint.id} begins on {sprint.start_date}, after {day}", sprint_id=sprint.id
        )
    return day


def _scheduled_day(sprint: Row[Any], project: Project, due: datetime) -> date:
    """Return the day of a moment at which a scheduler was due. Raises: `ProjectHeld`, `SprintOver`.

    A late scheduler names a moment of the day before (docs/adr/0032-scrum-of-a-day.md). Which days
    get a scrum is decided here, so that every scheduler keeps to it
    (docs/adr/0105-days-of-scheduled-scrums.md).
    """
    calendar = Calendar(project.timezone, project.as_of)
    if calendar.clock == "held":
        raise ProjectHeld(
            f"the project is held at {project.today.isoformat()}; moving its day holds the scrum"
            f" (dsm clock {project.id} --to DAY)",
            sprint_id=sprint.id,
        )
    day = calendar.local_day(due)
    if day > sprint.end_date:
        raise SprintOver(
            f"the last day of {sprint.id} was {sprint.end_date}, before {day}", sprint_id=sprint.id
        )
    return day


async def _earlier(connection: AsyncConnection, sprint_id: str, day: date) -> DailyScrumRun | None:
    query = select(daily_scrums).where(
        daily_scrums.c.sprint_id == sprint_id, daily_scrums.c.scrum_date == day
    )
    row = (await connection.execute(query)).first()
    return None if row is None else _answer(sprint_id, day, row.updated_tasks, row.report_id)


async def _hold(
    connection: AsyncConnection, sprint: Sprint, mode: ProgressMode, availability: Availability
) -> DailyScrumRun:
    day, sprint_id = availability.start_date, sprint.sprint_id
    if mode == "simulated":
        await _simulate(connection, sprint, availability)
        # The report counts the tasks as they stand after the simulated day.
        sprint = await sprints.get(connection, sprint_id)
    report_id = uuid4()
    values = {"sprint_id": sprint_id, "report_id": report_id}
    entries = await reports.compile_entries(connection, sprint_id, report_id, day)
    updated = len({row.task_id for row in entries})
    await connection.execute(
        insert(daily_scrums), values | {"scrum_date": day, "updated_tasks": updated}
    )
    report = _report(report_id, sprint, mode, availability, entries)
    await deliveries.enqueue(connection, report_id, deliveries.DAILY_SCRUM, report)
    return _answer(sprint_id, day, updated, report_id)


async def _simulate(
    connection: AsyncConnection, sprint: Sprint, availability: Availability
) -> None:
    day = availability.start_date
    present = {person.employee_id for person in availability.capacity if person.working_days > 0}
    # The deprecated daily-scrum service may have simulated the day
    # (docs/adr/0037-shared-simulation.md).
    present -= await progress.simulated_people(connection, sprint.sprint_id, day)
    entries = [
        progress.Entry(task, report, "simulated")
        for task, report in simulation.work(sprint.tasks, present, day)
    ]
    await progress.record(connection, entries, day)


async def _store_project(
    connection: AsyncConnection, sprint_id: str, project: Project, window: Availability
) -> None:
    """Store the project's team and calendar, for a close while the project service is away."""
    of_sprint = sprint_rows.c.id == sprint_id
    values = {
        "team": [person.employee_id for person in window.capacity],
        "timezone": project.timezone,
        "as_of": project.as_of,
        "working_days": window.work_days,
    }
    await connection.execute(update(sprint_rows).where(of_sprint).values(values))


def _report(
    report_id: UUID,
    sprint: Sprint,
    mode: ProgressMode,
    availability: Availability,
    entries: Sequence[Row[Any]],
) -> DailyScrumReportCreate:
    day = availability.start_date
    return DailyScrumReportCreate(
        report_id=report_id,
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        report_date=day,
        summary=_summary(sprint, mode, availability, reports.describe_sources(entries)),
        summary_metrics=SummaryMetrics(
            total_team_members=len(availability.capacity),
            total_tasks=sprint.total_tasks,
            completed_tasks=sprint.completed_tasks,
            pending_tasks=sprint.pending_tasks,
        ),
        reports={day: reports.by_person(entries)},
    )


def _summary(sprint: Sprint, mode: ProgressMode, availability: Availability, sources: str) -> str:
    progress_made = f"Progress was {sources}." if sources else f"No progress was {mode}."
    head = f"Daily stand-up for sprint {sprint.sprint_id}. {progress_made}"
    away = [
        f"{day.employee_id} is away" if day.employee_id else f"{day.reason} is a holiday"
        for day in availability.conflicts
    ]
    if not away and availability.working_days == 0:
        away = [f"{availability.start_date:%A} is not a working day"]
    rest = f" {', '.join(away)}." if away else " No Holiday or PTO reported."
    # Many absences make a long sentence: the chronicle takes 10,000 characters.
    return (head + rest)[:10_000]


def _repeated(earlier: DailyScrumRun) -> DailyScrumRun:
    message = f"The daily scrum of {earlier.scrum_date} was already held."
    return earlier.model_copy(update={"message": message})


def _answer(sprint_id: str, day: date, updated: int, report_id: UUID) -> DailyScrumRun:
    return DailyScrumRun(
        message="Daily scrum done; the report goes to the chronicle.",
        sprint_id=sprint_id,
        scrum_date=day,
        updated_tasks_count=updated,
        report_id=report_id,
    )
