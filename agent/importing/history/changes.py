"""Changes of a project between two imports, counted by kind."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date

from agent.importing.history.known_rows import KnownRows

# Fields of a task that a later export may change, by the kind of the change.
DETAILS = ("priority", "type", "labels", "estimate")


@dataclass(frozen=True)
class Changes:
    """Tasks of a later export by kind of change; one task may be in several kinds."""

    new: int = 0
    """Tasks that were not there before."""
    finished: int = 0
    """Tasks that were open before and are finished now."""
    reopened: int = 0
    """Tasks that were finished before and are open now."""
    renamed: int = 0
    """Tasks with another title."""
    other_owner: int = 0
    """Tasks with another assignee."""
    other_details: int = 0
    """Tasks with another priority, type, estimate, other labels or other parts."""
    closed: int = 0
    """Tasks that were open before and are closed now, without work or on an unknown day."""
    begun: int = 0
    """Open tasks on which nobody worked before and somebody works now."""
    missing: int = 0
    """Open tasks that the export does not have; they stay as they are."""

    @property
    def any(self) -> bool:
        """True when anything but missing rows has changed."""
        return any(value for name, value in asdict(self).items() if name != "missing")

    def sentence(self) -> str:
        """Describe the changes in words; "" without any."""
        words = (
            (self.new, "new"),
            (self.finished, "finished"),
            (self.reopened, "reopened"),
            (self.renamed, "renamed"),
            (self.other_owner, "with another owner"),
            (self.other_details, "with another priority, type, estimate or other labels"),
            (self.closed, "closed without a known finish"),
            (self.begun, "begun"),
            (self.missing, "not in the file: they stay as they are"),
        )
        return ", ".join(f"{count} {word}" for count, word in words if count)


def count_changes(
    before: KnownRows, rows: KnownRows, day: date, file_ids: Collection[str]
) -> Changes:
    """Count what is different on `day` from the day that earlier rows had reached."""
    earlier = {task.id: task for task in before.work if task.created <= before.day}
    present = [task for task in rows.work if task.created <= day]
    pairs = [(earlier[task.id], task) for task in present if task.id in earlier]
    was_open = {task.id: task.is_open(before.day) for task in earlier.values()}
    ended = [task for _, task in pairs if was_open[task.id] and not task.is_open(day)]
    return Changes(
        new=sum(task.id not in earlier for task in present),
        finished=sum(task.finished is not None for task in ended),
        reopened=sum(not was_open[task.id] and task.is_open(day) for _, task in pairs),
        renamed=sum(old.title != task.title for old, task in pairs),
        other_owner=sum(old.assignee != task.assignee for old, task in pairs),
        other_details=sum(
            any(getattr(old, name) != getattr(task, name) for name in (*DETAILS, "checklist"))
            for old, task in pairs
        ),
        closed=sum(task.finished is None for task in ended),
        begun=sum(task.is_begun(day) and not old.is_begun(before.day) for old, task in pairs),
        missing=sum(was_open[name] and name not in file_ids for name in earlier),
    )
