"""Last lines of `dsm import csv`: what became of each project, and whether it follows the clock."""

from collections.abc import Sequence
from dataclasses import asdict

from agent.cli.target import Target
from agent.cli.words import count
from agent.importing.history.changes import MOST_CHANGED, ChangedTask, Changes
from agent.importing.loading.autonomy import Level
from agent.importing.outcome.outcome import ImportOutcome
from agent.importing.outcome.project_outcome import ClosedSprint, ProjectOutcome, ProjectResult
from agent.importing.terminal import printable
from domain_services.kernel.words import listed, shortened

_SHOWN_CHANGES = 10
_AUTONOMY: dict[Level, tuple[str, str, str]] = {
    "observe": ("only records", "only record", " what it would do"),
    "approve": ("asks a person", "ask a person", " before it acts"),
    "act": ("acts by itself", "act by itself", ""),
}


def dry_run_lines(outcome: ImportOutcome, target: Target, level: Level = "approve") -> list[str]:
    """Say what the import would change in each project; `level` is the autonomy of a new one."""
    lines: list[str] = []
    for name, project in outcome.projects.items():
        lines.append(_announced(name, project))
        if not _is_new(project):
            lines += _named(project.changes)
        lines.append(_announced_clock(outcome, name, project))
        if _is_new(project):
            lines.append(describe_autonomy(name, level, target, mood="would"))
    return [*lines, "Dry run: nothing was imported."]


def result_lines(outcome: ImportOutcome, target: Target) -> list[str]:
    """Say what the import has changed in each project."""
    lines: list[str] = []
    for result in outcome.imported:
        project = outcome.projects[result.project_id]
        lines.append(_effect(result, project.changes))
        lines += _waiting(result)
        if result.closed_sprint is not None:
            lines.append(_close(result.closed_sprint))
        lines.append(_clock(result, project))
        if result.autonomy is not None:
            lines.append(describe_autonomy(result.project_id, result.autonomy, target))
    return lines


def describe_autonomy(project_id: str, level: Level, target: Target, *, mood: str = "") -> str:
    """Say how far a new project acts by itself, or with a mood would, and how that is changed."""
    plain, infinitive, tail = _AUTONOMY[level]
    verb = f"{mood} {infinitive}" if mood else plain
    other, purpose = ("approve", "let it ask") if level == "act" else ("act", "let it act")
    command = f"dsm autonomy {project_id} {other}{target.options}"
    return f"{project_id} {verb}{tail}; to {purpose}: `{command}`"


def _is_new(project: ProjectOutcome) -> bool:
    """Return True for a project that the import makes; by known rows where no service tells."""
    if project.standing is None:
        return project.changes is None
    return project.standing == "new"


def _announced(project_id: str, project: ProjectOutcome) -> str:
    tasks, sprints = count(project.backlog, "task"), count(project.past_sprints, "past sprint")
    if _is_new(project):
        return f"{project_id} would be imported: {tasks}, {sprints}."
    if project.changes is None:
        return (
            f"{project_id} is there and was never imported: what it lacks of {tasks} and "
            f"{sprints} would be added."
        )
    kinds = project.changes.sentence()
    if not kinds:
        return f"{project_id} was imported before; no task would change."
    return f"{project_id} would be updated; tasks: {kinds}."


def _named(changes: Changes | None) -> list[str]:
    """Name the first tasks that would change, with what would change in each."""
    if changes is None:
        return []
    shown = changes.first[:_SHOWN_CHANGES]
    lines = [printable(f"  {_title(one)}: {'; '.join(one.changes)}") for one in shown]
    more = changes.tasks - len(shown)
    if more:
        lines.append(f"  and {count(more, 'more task')}; --json names the first {MOST_CHANGED}")
    return lines


def _title(one: ChangedTask) -> str:
    return f"{one.task} {shortened(one.title, 60)}" if one.title else one.task


def _announced_clock(outcome: ImportOutcome, project_id: str, project: ProjectOutcome) -> str:
    day = outcome.as_of
    if outcome.clock == "live":
        return f"{project_id} would follow the clock: {day} is within the last four weeks."
    if project.standing == "live":
        return f"{project_id} follows the clock and would stay so."
    if not _is_new(project) and project.standing is None:
        return (
            f"{project_id} would be held at {day}, unless it was released since its last import: "
            "no service was there to tell."
        )
    command = project.release_command
    return f"{project_id} would be held at {day} as a study; to release it: `{command}`"


def _waiting(result: ProjectResult) -> list[str]:
    """Name the tasks of the running sprint that an update leaves as they are."""
    if not result.waiting:
        return []
    number = count(len(result.waiting), "task")
    return [
        f"{result.project_id}: the running sprint keeps {number} as planned until it ends, though "
        f"the file has changes: {listed(result.waiting)}."
    ]


def _effect(result: ProjectResult, changes: Changes | None) -> str:
    if not result.changed:
        return f"{result.project_id}: nothing new, {result.existing} records are there already."
    if changes is not None and not result.project_created:
        kinds = changes.sentence() or "none changed"
        records = _records(result, others=())
        tail = f"; {', '.join(records)}" if records else ""
        return f"{result.project_id} was updated; tasks: {kinds}{tail}."
    others = (
        (result.completed, "task completed", "tasks completed"),
        (result.reopened, "task reopened", "tasks reopened"),
        (result.updated, "task changed", "tasks changed"),
    )
    records = [count(result.tasks, "task"), *_records(result, others)]
    return f"{result.project_id} was imported: {', '.join(records)}."


def _records(result: ProjectResult, others: Sequence[tuple[int, str, str]]) -> list[str]:
    """List the records that are no tasks of the backlog, without the zeros."""
    counts = (
        (result.sprints, "past sprint", "past sprints"),
        (result.episodes, "episode", "episodes"),
        (result.members, "new team member", "new team members"),
        *others,
        (result.closed, "task closed without a finish", "tasks closed without a finish"),
        (result.marked, "task begun or in another sprint", "tasks begun or in another sprint"),
        (result.replaced, "past record replaced", "past records replaced"),
        (result.ranked, "task ranked", "tasks ranked"),
    )
    return [f"{number} {one if number == 1 else many}" for number, one, many in counts if number]


def _close(sprint: ClosedSprint) -> str:
    # Imported here, not above: a dry run closes no sprint.
    from agent.clock.message import describe_close
    from agent.clock.schema import ClosedByClock

    return describe_close(ClosedByClock.model_validate(asdict(sprint)))


def _clock(result: ProjectResult, project: ProjectOutcome) -> str:
    if result.clock == "live":
        return f"{result.project_id} follows the clock: it is {result.today}."
    command = project.release_command
    return f"{result.project_id} is held at {result.today} as a study; to release it: `{command}`"
