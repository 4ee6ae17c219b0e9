"""Tasks of a new sprint: each with its reason and its chance, and what was left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table

from agent.cli.layout import plain_text
from agent.cli.words import count
from graphs.answer import Orchestration
from graphs.evidence.chances import share_in_words
from graphs.evidence.selection import age_in_words
from memory.decision import LeftOutTask, SelectedTask

_SHOWN_TASKS = 15


@dataclass(frozen=True)
class TaskRow:
    """A task of the sprint as the page shows it."""

    task_id: str
    """Id of the task."""
    title: str
    """Title of the task."""
    priority: int
    """Priority, 1 is the highest."""
    assigned_to: str | None
    """Person who works on it; None: nobody, or the sprint is not created."""
    selected: SelectedTask | None
    """Reason and chance; None for a task that the decision did not choose."""

    @property
    def why(self) -> str:
        """Return the reason for which it was chosen; empty when not known."""
        return self.selected.reason if self.selected else ""

    @property
    def chance(self) -> str:
        """Describe in short words how often tasks of its age are finished; empty as above."""
        return share_in_words(self.selected.chance) if self.selected else ""

    @property
    def points(self) -> str:
        """Return the estimate; empty without one."""
        points = self.selected.points if self.selected else None
        return "" if points is None else f"{points:g}"


def task_rows(answer: Orchestration) -> list[TaskRow]:
    """List the tasks of the created sprint in planning order, else those of the decision."""
    chosen = answer.selection.tasks if answer.selection else ()
    created = answer.created.tasks if answer.created else []
    if not created:
        return [TaskRow(task.task_id, task.title, task.priority, None, task) for task in chosen]
    by_id = {task.task_id: task for task in chosen}
    places = {task.task_id: place for place, task in enumerate(chosen)}
    return [
        TaskRow(task.task_id, task.title, task.priority, task.assigned_to, by_id.get(task.task_id))
        for task in sorted(created, key=lambda task: places.get(task.task_id, len(places)))
    ]


def task_table(rows: Sequence[TaskRow], shown: int | None = _SHOWN_TASKS) -> list[RenderableType]:
    """Build the table of the tasks with what its columns mean; None shows every task, and ages."""
    if not rows:
        return []
    columns = _columns(rows, with_age=shown is None)
    table = Table(*columns, box=None, padding=(0, 2, 0, 0))
    for row in rows[:shown]:
        table.add_row(*(plain_text(cell(row)) for cell in columns.values()))
    parts: list[RenderableType] = [table]
    if shown is not None and len(rows) > shown:
        parts.append(plain_text(f"and {count(len(rows) - shown, 'more task')}, listed by --why"))
    # One sentence instead of a column in which each line is the same.
    reasons = {row.why for row in rows}
    if "why" not in columns and reasons != {""}:
        parts.append(plain_text(f"why: {reasons.pop()}"))
    if tasks := [row.selected for row in rows if row.selected]:
        together = sum(task.chance for task in tasks)
        words = f"{_chance_of_what(tasks[0])}; {together:.1f} of these {len(tasks)} by age alone"
        parts.append(plain_text(f"chance: {words}"))
    return parts


def _columns(rows: Sequence[TaskRow], *, with_age: bool) -> dict[str, Callable[[TaskRow], str]]:
    """Return each column with what stands in it; a column without a difference is left out."""
    columns: dict[str, Callable[[TaskRow], str]] = {
        "task": lambda row: row.task_id,
        "title": lambda row: row.title,
    }
    if len({row.why for row in rows}) > 1:
        columns["why"] = lambda row: row.why
    if any(row.selected for row in rows):
        if with_age:
            columns["age"] = _age
        columns["chance"] = lambda row: row.chance
    if len({row.priority for row in rows}) > 1:
        columns["priority"] = lambda row: str(row.priority)
    if any(row.points for row in rows):
        columns["points"] = lambda row: row.points
    if any(row.assigned_to for row in rows):
        columns["assigned to"] = lambda row: row.assigned_to or "nobody yet"
    return columns


def _age(row: TaskRow) -> str:
    return age_in_words(row.selected.age_days) if row.selected else ""


def _chance_of_what(task: SelectedTask) -> str:
    """Describe what the chances are about: the words of one of them, without its number."""
    window, _, share = task.chance_in_words.partition(": ")
    return f"{window}, of tasks {share.removeprefix(share_in_words(task.chance)).strip()}"


def left_out(answer: Orchestration) -> Iterator[RenderableType]:
    """Build the table of the tasks that come next or wait, and count the others."""
    selection = answer.selection
    if selection is None or not selection.left_out_count:
        return
    if selection.left_out:
        yield _left_out_table(selection.left_out)
    others = selection.left_out_count - len(selection.left_out)
    if others > 0:
        yield plain_text(f"and {count(others, 'more free task')}")


def _left_out_table(tasks: Sequence[LeftOutTask]) -> Table:
    table = Table("task", "title", "why not", "chance", box=None, padding=(0, 2, 0, 0))
    for task in tasks:
        cells = (task.task_id, task.title, task.reason, share_in_words(task.chance))
        table.add_row(*map(plain_text, cells))
    return table
