"""Simulated days of a sprint: their events are stored before the caller is answered."""

import asyncio
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.daily_scrum.models import scrum_runs
from domain_services.daily_scrum.schema import ScrumRun
from domain_services.events import TaskProgressed
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Conflict, NotFound
from domain_services.kernel.messaging import outbox
from domain_services.project.client import ProjectClient
from domain_services.sprint import simulation
from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import ProgressReport, Sprint, SprintTask

SOURCE = "daily-scrum-service"


class NotRunning(Conflict):
    code = "sprint_not_in_progress"
    title = "The sprint is not in progress"


class Simulator:
    """Simulates days of running sprints."""

    def __init__(self, database: Database, sprint: SprintClient, project: ProjectClient) -> None:
        self._database = database
        self._sprint = sprint
        self._project = project

    async def run(self, sprint_id: str) -> ScrumRun:
        """Simulate the project's today; a second call of a day repeats the first's answer.

        Raises: `NotFound`, `NotRunning`, `Unavailable`.
        """
        sprint = await self._running(sprint_id)
        project, availability = await asyncio.gather(
            self._project.get_project(sprint.project_id),
            self._project.check_availability(sprint.project_id, days=1),
        )
        day = availability.start_date
        if day < sprint.start_date:
            raise NotRunning(
                f"{sprint_id} begins on {sprint.start_date}: run it from that day on",
                sprint_id=sprint_id,
            )
        present = {
            person.employee_id for person in availability.capacity if person.working_days > 0
        }
        simulated = project.progress_mode == "simulated"
        reports = simulation.work(sprint.tasks, present, day) if simulated else []
        events = [_event(task, report, day) for task, report in reports]
        run = _scrum_run(sprint, day, events)
        # Stored like a simulated day: the answer of a day stays the same after a change of mode.
        if not simulated:
            reason = f"{project.id} reports its progress itself: nothing was simulated."
            run = run.model_copy(update={"message": reason})
        # Simulated outside the transaction: no connection waits for other services.
        async with self._database.transaction() as connection:
            return await _store(connection, run)

    async def _running(self, sprint_id: str) -> Sprint:
        try:
            sprint = await self._sprint.get_sprint(sprint_id)
        except PeerRefused as refusal:
            if refusal.peer_status == 404:
                raise NotFound(refusal.detail, sprint_id=sprint_id) from refusal
            raise
        if sprint.status != "in_progress":
            raise NotRunning(
                f"{sprint_id} is {sprint.status}: only a sprint in progress is simulated",
                sprint_id=sprint_id,
            )
        return sprint


def _event(task: SprintTask, report: ProgressReport, day: date) -> TaskProgressed:
    total = task.progress_percentage
    if report.progress_percentage is not None:
        total = report.progress_percentage
    return TaskProgressed(
        sprint_id=task.sprint_id,
        task_id=task.task_id,
        progress_made=total - task.progress_percentage,
        new_total_progress=total,
        employee_id=report.employee_id,
        yesterday_work=report.yesterday_work,
        today_work=report.today_work,
        impediments=report.impediments,
        # The sprint service drops an event whose day was held or whose task has moved on
        # (docs/adr/0037-shared-simulation.md).
        scrum_date=day,
        task_version=task.version,
    )


def _scrum_run(sprint: Sprint, day: date, events: list[TaskProgressed]) -> ScrumRun:
    return ScrumRun(
        message=f"{len(events)} TASK_PROGRESSED events go to the sprint service.",
        sprint_id=sprint.sprint_id,
        scrum_date=day,
        events_count=len(events),
        events=events,
    )


async def _store(connection: AsyncConnection, run: ScrumRun) -> ScrumRun:
    """Store the run and publish its events; returns the day's first run if there was one."""
    values = {
        "sprint_id": run.sprint_id,
        "scrum_date": run.scrum_date,
        "answer": run.model_dump(mode="json"),
    }
    # The primary key decides between racing calls; the loser reads the winner's answer.
    claim = insert(scrum_runs).values(values).on_conflict_do_nothing()
    if await connection.scalar(claim.returning(scrum_runs.c.sprint_id)) is None:
        earlier = select(scrum_runs.c.answer).where(
            scrum_runs.c.sprint_id == run.sprint_id, scrum_runs.c.scrum_date == run.scrum_date
        )
        return ScrumRun.model_validate(await connection.scalar(earlier))
    # One transaction with the run: 200 promises that the events take effect
    # (docs/adr/0035-daily-scrum-outbox.md).
    await outbox.append(connection, run.events, source=SOURCE)
    return run
