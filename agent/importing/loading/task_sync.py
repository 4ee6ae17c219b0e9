"""Bring the tasks of a project's rows into backlog and sprint, each on its day."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from agent.importing.history.known_rows import KnownRows
from agent.importing.history.tracker_sprints import Timeline, timeline
from agent.importing.loading import documents
from agent.importing.loading.batches import batches
from agent.importing.loading.existing_history import Existing
from agent.importing.loading.history_sync import parts
from agent.importing.loading.limits import MAX_ASSIGNED
from agent.importing.loading.services import Services
from agent.importing.tasks import Task
from domain_services.backlog import schema as backlog
from domain_services.backlog.pages import all_tasks
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import Assignment, EmployeeCreate
from domain_services.sprint.schema import ProgressReport, SprintSummary

# Facts of a task that its source alone decides.
SOURCE_FACTS = ("begun", "started_on", "source_sprint")
# Facts of a task that a later export may change.
DETAILS = ("priority", "type", "labels", "estimate")
# Facts of a row that wait while a running sprint has its task.
WAITING_FACTS = ("title", "assignee", "priority_level", "checklist", *DETAILS)
# Events of a closed sprint release its tasks within moments; until then the backlog refuses.
RELEASE_TRIES = 50
RELEASE_SECONDS = 0.1


@dataclass
class TaskChanges:
    """Effect on the tasks of a project."""

    created: int = 0
    """Tasks that are new in the backlog."""
    reported: int = 0
    """Tasks of the running sprint that were reported as completed."""
    completed: int = 0
    """Tasks outside a sprint that were completed."""
    reopened: int = 0
    """Completed tasks that are open again."""
    updated: int = 0
    """Tasks whose title, owner or details follow the rows."""
    members: int = 0
    """People new on the team."""
    closed: int = 0
    """Tasks outside a sprint that were closed without work, on an unknown day, or are no work."""
    marked: int = 0
    """Open tasks whose work has begun or stopped, or that entered or left a running sprint."""
    waiting: tuple[str, ...] = ()
    """Keys of the tasks of the running sprint that differ in the rows and stay until it ends."""

    def __add__(self, other: "TaskChanges") -> "TaskChanges":
        """Return the sum of both effects."""
        return TaskChanges(
            self.created + other.created,
            self.reported + other.reported,
            self.completed + other.completed,
            self.reopened + other.reopened,
            self.updated + other.updated,
            self.members + other.members,
            self.closed + other.closed,
            self.marked + other.marked,
            self.waiting + other.waiting,
        )


class TaskSync:
    """Backlog and running sprint of one project, kept in step with its rows."""

    def __init__(self, services: Services, rows: KnownRows) -> None:
        self._services = services
        self._rows = rows
        self._tasks: dict[str, backlog.Task] = {}
        self._sprint: SprintSummary | None = None
        self._open_in_sprint: set[str] = set()
        self._people: set[str] | None = None
        self.changes = TaskChanges()
        # Earlier rows of tasks that a running sprint keeps as they are; None: not known before.
        self.deferred: dict[str, Task | None] = {}

    async def read(self, existing: Existing) -> None:
        """Read the backlog, and the open tasks of the sprint in progress."""
        project_id = self._rows.project_id
        # By external key: a task has kept it since its first import, whatever its title is now.
        self._tasks = {
            task.external_key: task
            async for task in all_tasks(self._services.backlog, project_id)
            if task.external_key
        }
        self.leave_sprint()
        self._sprint = existing.running
        if self._sprint is not None:
            tasks = await self._services.sprint.list_tasks(self._sprint.sprint_id)
            self._open_in_sprint = {task.task_id for task in tasks if task.status != "completed"}

    def leave_sprint(self) -> None:
        """Treat every task as outside a sprint, after the running one was closed."""
        self._sprint, self._open_in_sprint = None, set()

    async def create(self, day: date, finished: tuple[date, date] | None) -> None:
        """Create the tasks that were created by `day` and are missing in the backlog.

        Of those finished by the day, the ones finished between the two days; None: none of them.
        """
        missing = [
            task
            for task in self._rows.work
            if task.id not in self._tasks
            and task.created <= day
            and (
                task.is_open(day)
                or (task.finished and finished and finished[0] <= task.finished <= finished[1])
            )
        ]
        if not missing:
            return
        await self._add_people(missing)
        by_key = {task.id: task for task in missing}
        tracker = self._timeline(day)
        new_tasks = [documents.backlog_task(task, day, tracker) for task in missing]
        for batch in batches(new_tasks, backlog.MAX_TASKS_PER_REQUEST):
            await self._services.backlog.create_tasks(
                self._rows.project_id, backlog.TasksCreate(tasks=batch)
            )
        self.changes.created += len(by_key)
        async for task in all_tasks(self._services.backlog, self._rows.project_id):
            if task.external_key in by_key:
                self._tasks[task.external_key] = task

    async def finish(self, last: date) -> None:
        """Complete the open tasks that were finished by `last`, each on its own day."""
        finished = [
            (task.finished, task.id)
            for task in self._rows.work
            if task.finished and task.finished <= last and task.id in self._tasks
        ]
        for day, key in sorted(finished):
            task = self._tasks[key]
            if task.task_id in self._open_in_sprint:
                await self._report(task, day)
            elif task.status != "completed":
                await self._complete(task, day)
            else:
                continue
            self._tasks[key] = task.model_copy(update={"status": "completed"})

    async def close_others(self, last: date) -> None:
        """Close the open tasks that were closed by `last` without a known finish, or are no work.

        They count for no sprint. A task of the running sprint stays there until the sprint ends.
        """
        work = self._rows.by_key()
        for row in self._rows.tasks:
            task, own = self._tasks.get(row.id), work.get(row.id)
            if task is None or task.status == "completed" or task.sprint_id is not None:
                continue
            if own is not None and (own.finished is not None or own.is_open(last)):
                continue
            await self._update(task, backlog.TaskUpdate(status="completed"))
            self.changes.closed += 1
            self._tasks[row.id] = task.model_copy(update={"status": "completed"})

    async def mark_work(self, day: date) -> None:
        """Say of each open task whether its work has begun, and which running sprint has it."""
        tracker = self._timeline(day)
        for row in self._rows.work:
            task = self._tasks.get(row.id)
            if task is None or task.status == "completed" or not row.is_open(day):
                continue
            document = documents.backlog_task(row, day, tracker)
            fields = {
                name: getattr(document, name)
                for name in SOURCE_FACTS
                if getattr(document, name) != getattr(task, name)
            }
            if fields:
                await self._update(task, backlog.TaskUpdate.model_validate(fields))
                self.changes.marked += 1
                self._tasks[row.id] = task.model_copy(update=fields)

    def _timeline(self, day: date) -> Timeline:
        rows = self._rows
        return timeline(rows.work, rows.sprints, day, rows.cadence_days)

    async def follow_rows(self, before: KnownRows | None, day: date) -> None:
        """Change what a later export has changed; a value that it left alone stays as it is here.

        Without earlier rows, every difference counts as a change of the export.
        """
        earlier = before.by_key() if before else {}
        for row in self._rows.work:
            task, old = self._tasks.get(row.id), earlier.get(row.id)
            if task is None or (before is not None and old in (None, row)):
                continue
            await self._follow(task, row, old, day)

    async def follow_released(self, existing: Existing, day: date) -> None:
        """Change what waited, after the running sprint has ended on the way to the day."""
        deferred, self.deferred = self.deferred, {}
        self.changes.waiting = ()
        await self.read(existing)
        rows = {row.id: row for row in self._rows.work}
        for key, old in deferred.items():
            await self._follow(self._tasks[key], rows[key], old, day)

    def rows_done(self) -> KnownRows:
        """Return the rows, with the earlier values where a change has to wait."""
        tasks = tuple(
            _with_values_of(row, self.deferred[row.id]) if row.id in self.deferred else row
            for row in self._rows.tasks
        )
        return replace(self._rows, tasks=tasks)

    async def _follow(self, task: backlog.Task, row: Task, old: Task | None, day: date) -> None:
        in_sprint = self._sprint is not None and task.sprint_id == self._sprint.sprint_id
        if old and not old.is_open(date.max) and row.is_open(day):
            await self._reopen(task, in_sprint)
        fields = _changed_fields(task, row, old)
        if in_sprint and fields:
            # What the team committed to stays as it is: the next import tries again.
            self.deferred[row.id] = old
            self.changes.waiting += (row.id,)
            return
        if "assigned_to" in fields or (
            row.is_open(day) and (old is None or old.others != row.others)
        ):
            await self._add_people([row])
        if fields:
            await self._update(task, backlog.TaskUpdate.model_validate(fields))
            self.changes.updated += 1
            self._tasks[row.id] = self._tasks[row.id].model_copy(update=fields)

    async def _reopen(self, task: backlog.Task, in_sprint: bool) -> None:
        if in_sprint and task.task_id not in self._open_in_sprint:
            report = ProgressReport(progress_percentage=0, status="in_progress")
            await self._services.sprint.report_progress(task.task_id, report)
            self._open_in_sprint.add(task.task_id)
        elif task.status == "completed":
            await self._update(task, backlog.TaskUpdate(status="unassigned", progress_percentage=0))
        else:
            return
        self.changes.reopened += 1
        self._tasks[task.external_key or ""] = task.model_copy(update={"status": "unassigned"})

    async def _report(self, task: backlog.Task, day: date) -> None:
        assert self._sprint is not None
        report = ProgressReport(progress_percentage=100, day=max(day, self._sprint.start_date))
        await self._services.sprint.report_progress(task.task_id, report)
        self._open_in_sprint.discard(task.task_id)
        self.changes.reported += 1

    async def _complete(self, task: backlog.Task, day: date) -> None:
        await self._update(task, backlog.TaskUpdate(status="completed", finished_on=day))
        self.changes.completed += 1

    async def _update(self, task: backlog.Task, update: backlog.TaskUpdate) -> None:
        """Change a task, and wait until its closed sprint has released it."""
        for attempt in range(1, RELEASE_TRIES + 1):
            try:
                await self._services.backlog.update_task(task.task_id, update)
            except PeerRefused as refused:
                # Another sprint's hold is no fault that passes.
                if refused.peer_status != 422 or attempt == RELEASE_TRIES:
                    raise
                await asyncio.sleep(RELEASE_SECONDS)
            else:
                return

    async def _add_people(self, tasks: Iterable[Task]) -> None:
        people = documents.people(tasks)
        if self._people is None:
            team = await self._services.project.list_team_members(self._rows.project_id)
            self._people = {member.id for member in team.team_members}
        new = [people[name] for name in sorted(people.keys() - self._people)]
        self.changes.members += await assign_people(self._services, self._rows.project_id, new)
        self._people |= {person.id for person in new}


def _changed_fields(task: backlog.Task, row: Task, old: Task | None) -> dict[str, object]:
    """Return the fields of a task that its source has changed, by their new values."""
    document = documents.backlog_task(row)
    fields = {
        name: getattr(document, name)
        for name in ("title", *DETAILS)
        if getattr(document, name) != getattr(task, name)
        and (old is None or getattr(old, name) != getattr(row, name))
    }
    if document.description != task.description and old and old.checklist != row.checklist:
        fields["description"] = document.description
    owner_changed = old is None or old.assignee != row.assignee
    if owner_changed and document.assigned_to != task.assigned_to:
        fields["assigned_to"] = document.assigned_to
    return fields


def _with_values_of(row: Task, old: Task | None) -> Task:
    """Return a row with the earlier values of what an export may change."""
    earlier = old or Task(id=row.id, project=row.project, created=row.created)
    return replace(row, **{name: getattr(earlier, name) for name in WAITING_FACTS})


async def assign_people(
    services: Services, project_id: str, people: Sequence[EmployeeCreate]
) -> int:
    """Put people on a team, after creating those that nobody knows; return the new members."""
    if not people:
        return 0
    employee_ids = {employee.id for employee in await services.project.list_teams()}
    for person in people:
        if person.id not in employee_ids:
            await services.project.create_employee(person)
    members = 0
    for part in parts([person.id for person in people], MAX_ASSIGNED):
        answer = await services.project.assign_team_members(
            project_id, Assignment(employee_ids=list(part))
        )
        members += len(answer.newly_assigned)
    return members
