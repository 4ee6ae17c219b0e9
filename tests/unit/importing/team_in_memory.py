"""Project, backlog and sprint services of one project, which keep all in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

from agent.importing.history.known_rows import KnownRows
from agent.importing.loading.services import Services
from agent.importing.tasks import Task, TrackerSprint
from domain_services.backlog import schema as backlog
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import Assignment, EmployeeCreate
from domain_services.sprint.schema import ProgressReport

NOW = datetime(2024, 3, 20, tzinfo=UTC)
SPRINT_ID = "P-S01"
DAY = date(2024, 3, 20)
OLD = date(2024, 3, 1)


@dataclass
class Team:
    """Project, backlog and sprint services of one project, which keep all in memory."""

    tasks: dict[str, backlog.Task] = field(default_factory=dict[str, backlog.Task])
    sprint_tasks: dict[str, str] = field(default_factory=dict[str, str])
    """Status in the sprint by task id."""
    reports: list[tuple[str, ProgressReport]] = field(
        default_factory=list[tuple[str, ProgressReport]]
    )
    finished_on: dict[str, date | None] = field(default_factory=dict[str, date | None])
    employees: set[str] = field(default_factory=set[str])
    members: list[str] = field(default_factory=list[str])
    updates: list[str] = field(default_factory=list[str])
    batches: list[list[str]] = field(default_factory=list[list[str]])
    refusals: list[int] = field(default_factory=list[int])
    """Statuses of the next refusals of an update."""

    @property
    def services(self) -> Services:
        part = SimpleNamespace(
            list_tasks=self.list_tasks,
            create_tasks=self.create_tasks,
            update_task=self.update_task,
        )
        sprint = SimpleNamespace(list_tasks=self.list_sprint_tasks, report_progress=self.report)
        project = SimpleNamespace(
            list_team_members=self.list_members,
            list_teams=self.list_employees,
            create_employee=self.create_employee,
            assign_team_members=self.assign,
        )
        return cast(Services, SimpleNamespace(backlog=part, sprint=sprint, project=project))

    def of(self, key: str) -> backlog.Task:
        """Return the task of a key of the tracker."""
        return next(task for task in self.tasks.values() if task.external_key == key)

    def put_in_sprint(self, key: str, status: str = "assigned_to_sprint") -> str:
        """Put a task into the running sprint; return its id."""
        task_id = self.of(key).task_id
        self.tasks[task_id] = self.tasks[task_id].model_copy(update={"sprint_id": SPRINT_ID})
        self.sprint_tasks[task_id] = status
        return task_id

    async def list_tasks(self, _: str, *, after: str, limit: int) -> list[backlog.Task]:
        names = list(self.tasks)
        first = names.index(after) + 1 if after else 0
        return [self.tasks[name] for name in names[first : first + limit]]

    async def create_tasks(self, project_id: str, body: backlog.TasksCreate) -> None:
        self.batches.append([task.external_key or "" for task in body.tasks])
        for task in body.tasks:
            self.add(project_id, task)

    def add(self, project_id: str, document: backlog.TaskCreate, **values: Any) -> backlog.Task:
        written = document.model_dump(include=set(backlog.Task.model_fields))
        fields = written | {
            "task_id": f"T{len(self.tasks) + 1}",
            "project_id": project_id,
            "status": "unassigned",
            "sprint_id": None,
            "progress_percentage": 0,
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
        }
        task = backlog.Task.model_validate(fields | values)
        self.tasks[task.task_id] = task
        return task

    async def update_task(self, task_id: str, update: backlog.TaskUpdate) -> None:
        if self.refusals:
            raise PeerRefused("backlog", self.refusals.pop(0), {})
        changes = update.model_dump(exclude_unset=True)
        self.updates.append(task_id)
        self.finished_on[task_id] = changes.pop("finished_on", self.finished_on.get(task_id))
        self.tasks[task_id] = self.tasks[task_id].model_copy(update=changes)

    async def list_sprint_tasks(self, sprint_id: str) -> list[SimpleNamespace]:
        assert sprint_id == SPRINT_ID
        return [SimpleNamespace(task_id=key, status=at) for key, at in self.sprint_tasks.items()]

    async def report(self, task_id: str, report: ProgressReport) -> None:
        self.reports.append((task_id, report))

    async def list_members(self, _: str) -> SimpleNamespace:
        return SimpleNamespace(team_members=[SimpleNamespace(id=name) for name in self.members])

    async def list_employees(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(id=name) for name in sorted(self.employees)]

    async def create_employee(self, person: EmployeeCreate) -> None:
        assert person.id not in self.employees, "created twice"
        self.employees.add(person.id)

    async def assign(self, _: str, body: Assignment) -> SimpleNamespace:
        assert self.employees.issuperset(body.employee_ids), "nobody knows them"
        new = [name for name in body.employee_ids if name not in self.members]
        self.members += new
        return SimpleNamespace(newly_assigned=new)


def task(number: int, **values: Any) -> Task:
    return replace(Task(f"P-{number}", "P", OLD, title="Old"), **values)


def rows_of(*tasks: Task, sprints: Sequence[TrackerSprint] = ()) -> KnownRows:
    return KnownRows("P", DAY, 14, DAY, tasks, sprints=tuple(sprints))
