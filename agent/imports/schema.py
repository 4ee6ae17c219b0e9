"""Wire types of imports by route."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from agent.importing.meaning.statuses import State as Meaning
from agent.importing.options import DEFAULT_REFUSAL_SHARE, ImportOptions
from agent.importing.outcome.outcome import ImportOutcome
from agent.importing.outcome.project_outcome import ProjectResult
from domain_services.kernel.types import Answer, Day, ProjectId, Storable, Wire
from memory.import_state import ImportState
from memory.run import AutonomyLevel

Short = Annotated[str, StringConstraints(max_length=500), Storable]
MOST_VALUES = 500
# As the option --cadence takes.
MOST_CADENCE_DAYS = 366


class ImportSource(Wire):
    """Origin of the rows of an import, so that the next one can repeat it."""

    kind: Literal["files", "api"]
    """`files` of the caller's machine, or the `api` of a tracker."""
    paths: Annotated[list[Short], Field(max_length=100)] = []
    """Paths of the files on the caller's machine."""
    request: dict[Short, Short | bool] = {}
    """What was asked of the API, without any token; empty for files."""
    read_at: datetime | None = None
    """Moment before the first request; the next import asks for changes from then on."""
    setup: Short = ""
    """Hash of what decided how the tracker was read; another one has everything read again."""
    options_hash: Short = ""
    """Hash of the options about rows; another one has everything read again."""


class ImportRequest(Wire):
    """Options of an import; an absent field takes the value of the project's last import."""

    mapping: Annotated[dict[Short, Short], Field(max_length=50)] = {}
    """Columns by field, such as {"id": "Key"}."""
    statuses: Annotated[dict[Short, Meaning], Field(max_length=MOST_VALUES)] = {}
    """Meaning of statuses by their names."""
    types: Annotated[list[Short], Field(max_length=MOST_VALUES)] = []
    """Types that are planned and counted; empty: all but containers and parts."""
    prefix: Short = ""
    """Text before every value of the project column."""
    project: ProjectId | None = None
    """Project of every row; null: the rows tell it."""
    date_format: Short | None = None
    """Format of every date, such as m/d/Y; null detects it."""
    sheet: Short | None = None
    """Sheet of a workbook; null: the first that has a header."""
    encoding: Short | None = None
    """Encoding of the text; null detects it."""
    refusal_share: Annotated[float, Field(ge=0, le=1)] = DEFAULT_REFUSAL_SHARE
    """Largest share of refused rows with which an import still begins."""
    as_of: Day | None = None
    """Day of the import; null: the day after the newest date, at most today."""
    cadence_days: Annotated[int, Field(ge=1, le=MOST_CADENCE_DAYS)] | None = None
    """Length of a sprint in days; null: as imported before, or 14."""
    country: Short | None = None
    """Country of the team's calendar, such as DE; null leaves it."""
    subdivision: Short | None = None
    """Part of the country, such as BY; null leaves it."""
    timezone: Short | None = None
    """Time zone, such as Europe/Berlin; null leaves it."""
    autonomy: AutonomyLevel = "approve"
    """How far a new project acts by itself."""
    forget_options: bool = False
    """True takes no value of the project's last import."""
    source: ImportSource | None = None
    """Where the files came from; null: that of the last import stays."""

    def options(self) -> ImportOptions:
        """Return what holds for all rows."""
        return ImportOptions(
            mapping=self.mapping,
            statuses={name.lower(): meaning for name, meaning in self.statuses.items()},
            types=tuple(self.types),
            prefix=self.prefix,
            project=self.project,
            date_format=self.date_format,
            sheet=self.sheet,
            encoding=self.encoding,
            refusal_share=self.refusal_share,
        )


class UploadedFile(Answer):
    """File of an import."""

    name: str
    """Name without any folder."""
    bytes: int
    """Size."""


class Import(Answer):
    """An import: its files, its options, and how far it is."""

    import_id: UUID
    """Id of the import."""
    state: ImportState
    """`reading` the files, `previewed`, `importing`, `done`, `failed` or `cancelled`."""
    message: str
    """What stands, and what to do next, in words."""
    owner: str
    """Name of the API key that has uploaded the files."""
    created_at: datetime
    """Time of the upload."""
    updated_at: datetime
    """Time of the last change."""
    files: list[UploadedFile]
    """Uploaded files; empty once they were removed."""
    options: ImportRequest
    """Options that were given."""
    projects: list[str]
    """Projects of the files; empty before they are recognised."""
    rows_read: int
    """Rows that were read."""
    steps_done: int
    """Tasks, sprints and episodes that are written."""
    steps_total: int
    """Tasks, sprints and episodes of all projects; 0 before the writing."""
    preview: ImportOutcome | None
    """What was recognised, as `dsm import csv --dry-run --json` prints it; null before."""
    imported: tuple[ProjectResult, ...] | None
    """What became of each project; null before the end."""
    has_written: bool
    """True once anything may have been written."""
    has_refused_rows: bool
    """True when GET /imports/{import_id}/refused has rows."""
    problem: str | None
    """Why it failed, in words; null otherwise."""
    problem_code: str | None = None
    """Code of the reason; `changes_refused`: all of the tracker must be read; null: it has none."""


class ImportPage(Answer):
    """Imports, the newest first."""

    imports: list[Import]
    """Imports, without their previews."""


class RefusedRows(Answer):
    """Rows of an import that are not imported."""

    content: str
    """CSV with the line, the column and the reason of each row, and its cells; empty: none."""


class ImportedProject(Answer):
    """Project that was imported, and how."""

    project_id: str
    """Id of the project."""
    options: ImportRequest | None
    """Options of its last import, which the next one takes; null: none are saved."""
    source: ImportSource | None
    """Where its rows came from; null: nobody said."""
    imported_at: datetime | None
    """Time of its last import; null: by an earlier release."""
    headers: str = ""
    """Hash of the columns of its files; empty without files."""
    has_rows: bool = True
    """True when its known rows are kept here."""


class ImportedProjects(Answer):
    """Projects with known rows or saved options."""

    projects: list[ImportedProject]
    """Projects, sorted by id."""


class KnownRows(Answer):
    """Known rows of a project."""

    project_id: str
    """Id of the project."""
    content: str | None
    """Document of the rows: JSON, compressed by zlib, as base64; null: none are kept."""


class KnownRowsSaved(Answer):
    """Known rows that were kept."""

    project_id: str
    """Id of the project."""
    bytes: int
    """Size of the compressed document."""


class SettingsSaved(Wire):
    """Options of a project's last import."""

    options: ImportRequest
    """Options that the next import takes."""
    headers: Short = ""
    """Hash of the columns of the files; empty without files."""
