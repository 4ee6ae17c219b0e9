"""Loading of a project's history into the services, for a project that is new there."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from agent.clock.schema import ClosedByClock
from agent.importing.loading.autonomy import Level, set_autonomy
from agent.importing.loading.batches import batches
from agent.importing.loading.history_sync import Advance, sync_history
from agent.importing.loading.plan import Plan
from agent.importing.loading.services import Services
from agent.importing.loading.task_sync import assign_people
from domain_services.backlog.pages import all_tasks
from domain_services.backlog.schema import MAX_TASKS_PER_REQUEST, TasksCreate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.types import utc_now
from domain_services.project.schema import Clock


@dataclass(frozen=True)
class LoadResult:
    """Effect on the records of one project."""

    project_id: str
    """Project id."""
    project_created: bool
    """False when the project existed."""
    members: int
    """People new on the team."""
    tasks: int
    """New tasks of the backlog."""
    sprints: int
    """New past sprints."""
    episodes: int
    """New episodes."""
    existing: int
    """Tasks, sprints and episodes that existed and are untouched."""
    clock: Clock
    """Whether the project follows the clock after the import."""
    today: date
    """Day of the project after the import."""
    completed: int = 0
    """Tasks that were open in the backlog or the running sprint and are completed now."""
    reopened: int = 0
    """Tasks that were completed and are open now."""
    updated: int = 0
    """Tasks with another title, owner, priority, type, estimate or other labels."""
    closed: int = 0
    """Tasks that were open and were closed without work, on an unknown day, or are no work."""
    marked: int = 0
    """Open tasks whose work has begun or stopped, or that entered or left a running sprint."""
    waiting: tuple[str, ...] = ()
    """Keys of the tasks of the running sprint that differ in the files and stay until it ends."""
    replaced: int = 0
    """Past sprints and episodes that were recorded otherwise, or are no longer in the history."""
    ranked: int = 0
    """Open tasks in the order of their ranks; 0 when the order stayed as it was."""
    closed_sprint: ClosedByClock | None = None
    """Sprint that ended on the way to the day of the import; None when none did."""
    autonomy: Level | None = None
    """How far the new project acts by itself; None for one that existed: it stays as it is."""

    @property
    def changed(self) -> bool:
        """True when anything was new or different."""
        changes = (self.members, self.tasks, self.sprints, self.episodes, self.completed)
        others = (self.reopened, self.updated, self.closed, self.marked, self.replaced, self.ranked)
        return self.project_created or any((*changes, *others))


def step_count(plan: Plan) -> int:
    """Count the steps that `load` reports for a plan, for a progress bar."""
    return len(plan.history.backlog) + 2 * len(plan.history.sprints)


async def load(
    services: Services, plan: Plan, advance: Advance, level: Level = "approve"
) -> LoadResult:
    """Write project, team, backlog, past sprints and episodes; safe to repeat after a failure.

    A new project gets the autonomy `level`. Raises: `Unavailable` when that could not be stored.
    """
    created = await _create_project(services, plan)
    if created:
        # Before its tasks: a project that has any could already be decided for.
        await set_autonomy(services.orchestrator, plan.project.id, level)
    members = await assign_people(services, plan.project.id, plan.people)
    tasks = await _create_tasks(services, plan, advance)
    # Last, because the working days of episodes come from the calendar of the project.
    history = await sync_history(services, plan.project.id, plan.history.sprints, None, advance)
    held_at = plan.project.as_of
    existing = step_count(plan) - tasks - history.sprints - history.episodes
    return LoadResult(
        project_id=plan.project.id,
        project_created=created,
        members=members,
        tasks=tasks,
        sprints=history.sprints,
        episodes=history.episodes,
        existing=existing,
        clock="held" if held_at else "live",
        today=held_at or utc_now().astimezone(ZoneInfo(plan.project.timezone)).date(),
        replaced=history.replaced + history.removed,
        autonomy=level if created else None,
    )


async def _create_project(services: Services, plan: Plan) -> bool:
    try:
        await services.project.create_project(plan.project)
    except PeerRefused as refused:
        # 409: somebody else made it meanwhile.
        if refused.peer_status != 409:
            raise
        return False
    return True


async def _create_tasks(services: Services, plan: Plan, advance: Advance) -> int:
    # By external key: a task has kept it since its first import, whatever its title is now.
    existing_keys = {
        task.external_key async for task in all_tasks(services.backlog, plan.project.id)
    }
    existing = sum(task.id in existing_keys for task in plan.history.backlog)
    advance(existing)
    for batch in batches(plan.tasks(existing_keys), MAX_TASKS_PER_REQUEST):
        await services.backlog.create_tasks(plan.project.id, TasksCreate(tasks=batch))
        advance(len(batch))
    return len(plan.history.backlog) - existing
