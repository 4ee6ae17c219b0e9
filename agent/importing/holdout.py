"""Actual outcome after the day of an import, in a file of the data folder that no service reads.

A decision must not see it. It is printed beside the decision afterwards, for comparison.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from agent.importing.history_windows import ProjectHistory


# Files of earlier releases lie in users' data folders: fields may be added, with a default.
@dataclass(frozen=True)
class ActualOutcome:
    """Tasks that a team finished in the window that begins on the day of the import."""

    project_id: str
    """Project id."""
    as_of: str
    """First day of the window, ISO 8601: the day of the import."""
    window_end: str
    """Last day of the window, ISO 8601."""
    finished: int
    """Tasks finished in the window."""
    finished_created_by: int
    """Tasks of `finished` that were created by the day of the import."""
    from_backlog: tuple[str, ...]
    """The file's ids of the tasks of `finished` that were in that day's backlog."""

    @property
    def days(self) -> int:
        """Days of the window, which is the import's cadence."""
        return (date.fromisoformat(self.window_end) - date.fromisoformat(self.as_of)).days + 1


def save(data_dir: Path, history: ProjectHistory, as_of: date, cadence_days: int) -> None:
    """Write the actual outcome of a project to the data folder."""
    actual = ActualOutcome(
        project_id=history.project_id,
        as_of=as_of.isoformat(),
        window_end=(as_of + timedelta(days=cadence_days - 1)).isoformat(),
        finished=history.holdout.finished,
        finished_created_by=history.holdout.finished_created_by,
        from_backlog=history.holdout.from_backlog,
    )
    path = _path(data_dir, history.project_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(actual), indent=2) + "\n")


def find(data_dir: Path, project_id: str, as_of: date) -> ActualOutcome | None:
    """Read the actual outcome after `as_of`; None when the project was not imported as of it."""
    actual = _read(data_dir, project_id)
    return actual if actual is not None and actual.as_of == as_of.isoformat() else None


def cadence_weeks(data_dir: Path, project_id: str) -> int | None:
    """Return the cadence of a project's import; None without one or when it is not whole weeks."""
    actual = _read(data_dir, project_id)
    return actual.days // 7 if actual is not None and actual.days % 7 == 0 else None


def _read(data_dir: Path, project_id: str) -> ActualOutcome | None:
    path = _path(data_dir, project_id)
    if not path.exists():
        return None
    content = json.loads(path.read_text())
    return ActualOutcome(**content | {"from_backlog": tuple(content["from_backlog"])})


def _path(data_dir: Path, project_id: str) -> Path:
    return data_dir / "imports" / f"{project_id}.json"
