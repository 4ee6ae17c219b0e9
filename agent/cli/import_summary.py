"""Last lines of `dsm import csv`: what became of each project, and whether it follows the clock."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.cli.target import Target
from agent.cli.words import count
from agent.importing.history.changes import Changes
from agent.importing.history.history_windows import ProjectHistory
from agent.importing.history.study import Study
from agent.importing.loading.autonomy import Level
from domain_services.kernel.words import listed

if TYPE_CHECKING:
    from agent.importing.loading.load import LoadResult

_AUTONOMY: dict[Level, tuple[str, str, str]] = {
    "observe": ("only records", "only record", " what it would do"),
    "approve": ("asks a person", "ask a person", " before it acts"),
    "act": ("acts by itself", "act by itself", ""),
}


def dry_run_lines(study: Study, target: Target, level: Level = "approve") -> list[str]:
    """Say what the import would change in each project; `level` is the autonomy of a new one."""
    changes = study.changes()
    lines: list[str] = []
    for history in study.histories:
        lines.append(_announced(history, changes.get(history.project_id)))
        lines.append(_announced_clock(study, history.project_id, target))
        if history.project_id not in changes:
            lines.append(describe_autonomy(history.project_id, level, target, mood="would"))
    return [*lines, "Dry run: nothing was imported."]


def result_lines(study: Study, results: Sequence["LoadResult"], target: Target) -> list[str]:
    """Say what the import has changed in each project."""
    from agent.clock.message import describe_close

    changes = study.changes()
    lines: list[str] = []
    for result in results:
        lines.append(_effect(result, changes.get(result.project_id)))
        lines += _waiting(result)
        if result.closed_sprint is not None:
            lines.append(describe_close(result.closed_sprint))
        lines.append(_clock(result, target))
        if result.autonomy is not None:
            lines.append(describe_autonomy(result.project_id, result.autonomy, target))
    return lines


def release_command(project_id: str, target: Target) -> str:
    """Return the command that lets a project follow the clock."""
    return f"dsm clock {project_id} --live{target.options}"


def describe_autonomy(project_id: str, level: Level, target: Target, *, mood: str = "") -> str:
    """Say how far a new project acts by itself, or with a mood would, and how that is changed."""
    plain, infinitive, tail = _AUTONOMY[level]
    verb = f"{mood} {infinitive}" if mood else plain
    other, purpose = ("approve", "let it ask") if level == "act" else ("act", "let it act")
    command = f"dsm autonomy {project_id} {other}{target.options}"
    return f"{project_id} {verb}{tail}; to {purpose}: `{command}`"


def _announced(history: ProjectHistory, changes: Changes | None) -> str:
    if changes is None:
        tasks, sprints = count(len(history.backlog), "task"), len(history.sprints)
        return f"{history.project_id} would be imported: {tasks}, {count(sprints, 'past sprint')}."
    kinds = changes.sentence()
    if not kinds:
        return f"{history.project_id} was imported before; no task would change."
    return f"{history.project_id} would be updated; tasks: {kinds}."


def _announced_clock(study: Study, project_id: str, target: Target) -> str:
    if study.clock == "live":
        return f"{project_id} would follow the clock: {study.day} is within the last four weeks."
    if project_id in study.known_before:
        # The services are not asked in a dry run, and people may have released the project.
        return f"{project_id} would move to {study.day} if it is held; it stays live otherwise."
    command = release_command(project_id, target)
    return f"{project_id} would be held at {study.day} as a study; to release it: `{command}`"


def _waiting(result: "LoadResult") -> list[str]:
    """Name the tasks of the running sprint that an update leaves as they are."""
    if not result.waiting:
        return []
    number = count(len(result.waiting), "task")
    return [
        f"{result.project_id}: the running sprint keeps {number} as planned until it ends, though "
        f"the file has changes: {listed(result.waiting)}."
    ]


def _effect(result: "LoadResult", changes: Changes | None) -> str:
    if not result.changed:
        return f"{result.project_id}: nothing new, {result.existing} records are there already."
    if changes is not None:
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


def _records(result: "LoadResult", others: Sequence[tuple[int, str, str]]) -> list[str]:
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


def _clock(result: "LoadResult", target: Target) -> str:
    if result.clock == "live":
        return f"{result.project_id} follows the clock: it is {result.today}."
    command = release_command(result.project_id, target)
    return f"{result.project_id} is held at {result.today} as a study; to release it: `{command}`"
