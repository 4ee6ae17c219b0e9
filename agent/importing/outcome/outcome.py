"""Outcome of an import: text, JSON and the routes' answers are made from it alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agent.importing.outcome.file_outcome import FileOutcome
from agent.importing.outcome.project_outcome import ProjectOutcome, ProjectResult
from domain_services.project.schema import Clock


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """Findings of an import, its effect on each project, and once it is done its results."""

    recognised: FileOutcome
    """The first of the files."""
    files: tuple[FileOutcome, ...]
    """Files, in the order given."""
    repeated_tasks: int
    """Tasks that more than one of the files has."""
    rejected_file: str | None
    """First path of `rejected_files`; null without any."""
    rejected_files: tuple[str, ...]
    """Paths of the files of refused rows; empty where the routes keep them."""
    as_of: date
    """Day of the import."""
    clock: Clock
    """`live` for a day of the last four weeks, `held` for an older one."""
    sprint_days: Mapping[str, int]
    """Length of a sprint in days, by project."""
    warnings: tuple[str, ...]
    """What the day of the import leaves out."""
    notes: tuple[str, ...]
    """How long sprints are taken to be, and how those of the tracker are known."""
    projects: Mapping[str, ProjectOutcome]
    """Projects by their ids."""
    stops: tuple[str, ...]
    """Why an import would stop before anything is written; empty: it can be started."""
    used_options: str | None
    """Options that were taken from the last import, in a sentence; null without any."""
    imported: tuple[ProjectResult, ...]
    """What became of each project; empty before."""
    dry_run: bool
    """True when nothing was imported."""
