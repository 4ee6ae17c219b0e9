"""What really happened after the day of an import: kept in a file that no service reads.

It lets a person compare a decision with the truth, and is printed beside it, never before it.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

from agent.importing.history_windows import ProjectPast


@dataclass(frozen=True)
class ActualOutcome:
    """Tasks finished in the window from `as_of` to `window_end` (last day), ISO dates.

    `finished` counts all of them, `finished_created_by` those created by `as_of`; `from_backlog`
    holds the file's ids of those that were in the backlog of that day.
    """

    project_id: str
    as_of: str
    window_end: str
    finished: int
    finished_created_by: int
    from_backlog: tuple[str, ...]

    @property
    def days(self) -> int:
        """Length of the window, which is the import's cadence."""
        return (date.fromisoformat(self.window_end) - date.fromisoformat(self.as_of)).days + 1


def keep(data_dir: Path, past: ProjectPast, as_of: date, cadence_days: int) -> None:
    """Write the truth of a project to the data folder."""
    truth = ActualOutcome(
        project_id=past.project_id,
        as_of=as_of.isoformat(),
        window_end=(as_of + timedelta(days=cadence_days - 1)).isoformat(),
        finished=past.held_back.finished,
        finished_created_by=past.held_back.finished_created_by,
        from_backlog=past.held_back.from_backlog,
    )
    path = _path(data_dir, past.project_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(truth), indent=2) + "\n")


def find(data_dir: Path, project_id: str, as_of: date) -> ActualOutcome | None:
    """The truth about the window after `as_of`; None for projects that were not imported then."""
    truth = _read(data_dir, project_id)
    return truth if truth is not None and truth.as_of == as_of.isoformat() else None


def cadence_weeks(data_dir: Path, project_id: str) -> int | None:
    """The cadence that a project was imported with, where it is one of whole weeks."""
    truth = _read(data_dir, project_id)
    return truth.days // 7 if truth is not None and truth.days % 7 == 0 else None


def _read(data_dir: Path, project_id: str) -> ActualOutcome | None:
    path = _path(data_dir, project_id)
    if not path.exists():
        return None
    kept = json.loads(path.read_text())
    return ActualOutcome(**kept | {"from_backlog": tuple(kept["from_backlog"])})


def _path(data_dir: Path, project_id: str) -> Path:
    return data_dir / "imports" / f"{project_id}.json"
