"""One record of the file as a task, or the reason why it is none."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agent.importing.dates import EARLIEST, FORMATS, LATEST, DateFormat
from agent.importing.errors import CsvRefused
from agent.importing.mapping import MappedColumn
from agent.importing.statuses import State, state_of
from agent.importing.table import Record
from domain_services.kernel.types import PROJECT_ID, RESERVED_IDS

# The longest one-line text the services store.
LONGEST_TEXT = 300
REQUIRED = ("id", "project", "created")
_PROJECT_ID = re.compile(PROJECT_ID)
_LABEL_ENDS = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the file; `finished` is never before `created`, and None while it is open.

    `estimate` is in the file's own unit, usually story points; what is not mapped or empty is None.
    """

    id: str
    project: str
    created: date
    finished: date | None = None
    title: str | None = None
    status: str | None = None
    priority: str | None = None
    assignee: str | None = None
    type: str | None = None
    labels: tuple[str, ...] = ()
    estimate: float | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not imported: its physical line, the column at fault ("" for the whole row)."""

    row: int
    column: str
    reason: str
    cells: tuple[str, ...]


class RowRefused(Exception):
    """Carries the column and the reason to where the row is known."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


def project_id(text: str) -> str:
    """The text as a project id, upper-cased. Raises ValueError, with the reason, otherwise."""
    candidate = text.upper()
    if not text.isascii() or not _PROJECT_ID.fullmatch(candidate):
        raise ValueError(
            f"{text!r} cannot be a project id: letters, digits, _ and -, at most 32, "
            "the first a letter or digit"
        )
    if text.lower() in RESERVED_IDS:
        raise ValueError(f"{text!r} is a reserved word and cannot be a project id")
    return candidate


def check_width(cells: list[str], header: tuple[str, ...]) -> None:
    """Raises RowRefused unless every column has its cell and what is beyond them is empty."""
    if len(cells) < len(header):
        raise RowRefused("", f"has {len(cells)} cells, the header {len(header)}")
    if any(map(str.strip, cells[len(header) :])):
        raise RowRefused("", f"has {len(cells)} cells, the header only {len(header)}")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads records into tasks. `project` names the project of every row when no column does.

    `forced` says that the formats were asked for; dates after `today` are refused.
    """

    header: tuple[str, ...]
    columns: Mapping[str, MappedColumn]
    formats: Mapping[str, DateFormat | None]
    today: date
    prefix: str = ""
    project: str | None = None
    forced: bool = False

    def read(self, record: Record) -> tuple[Task, bool]:
        """The task, and whether its finish date was corrected. Raises RowRefused."""
        check_width(record.cells, self.header)
        texts = self._texts(record.cells)
        created = self._date("created", texts["created"])
        stated, status = texts.get("finished"), texts.get("status")
        finished = self._date("finished", stated) if stated else None
        if status and finished is None and state_of(status) is State.DONE:
            raise RowRefused(
                self.columns["status"].header,
                f"status {status!r} means done, but there is no finish date",
            )
        corrected = finished is not None and finished < created
        task = Task(
            id=texts["id"],
            project=self.project or self._project(texts["project"]),
            created=created,
            finished=created if corrected else finished,
            title=texts.get("title"),
            status=status,
            priority=texts.get("priority"),
            assignee=texts.get("assignee"),
            type=texts.get("type"),
            labels=self._labels(record.cells),
            estimate=self._estimate(texts.get("estimate")),
        )
        return task, corrected

    def _texts(self, cells: list[str]) -> dict[str, str]:
        """The non-empty value of each field but labels, which have several."""
        texts: dict[str, str] = {}
        for field, column in self.columns.items():
            if field == "labels":
                continue
            text = first_value(cells, column)
            if text:
                texts[field] = text
            elif field in REQUIRED:
                raise RowRefused(column.header, f"is empty, but {field} is required")
            if len(text) > LONGEST_TEXT:
                raise RowRefused(
                    column.header, f"has {len(text)} characters, at most {LONGEST_TEXT} are kept"
                )
        return texts

    def _project(self, text: str) -> str:
        try:
            return project_id(self.prefix + text)
        except ValueError as error:
            raise RowRefused(self.columns["project"].header, str(error)) from error

    def _date(self, field: str, text: str) -> date:
        known = self.formats[field]
        day = None if known is None else known.parse(text)
        if day is not None and EARLIEST <= day <= min(LATEST, self.today):
            return day
        if day is not None and self.today < day <= LATEST:
            reason = f"{text!r} lies after today"
        elif day is not None:
            reason = f"{text!r} is outside {EARLIEST} to {LATEST}"
        elif known is not None:
            reason = f"{text!r} is not a date of the form {known.name} ({known.example})"
            if self.forced:
                reason += ", which --date-format asks for"
        else:
            examples = ", ".join(form.example for form in FORMATS)
            reason = f"{text!r} is not a date in a known format ({examples})"
        raise RowRefused(self.columns[field].header, reason)

    def _labels(self, cells: list[str]) -> tuple[str, ...]:
        column = self.columns.get("labels")
        if column is None:
            return ()
        text = ",".join([cells[position] for position in column.positions])
        labels = [label.strip() for label in _LABEL_ENDS.split(text)]
        return tuple(dict.fromkeys([label for label in labels if label]))

    def _estimate(self, text: str | None) -> float | None:
        if text is None:
            return None
        try:
            estimate = float(text.replace(",", "."))
        except ValueError:
            estimate = math.nan
        if not (math.isfinite(estimate) and estimate >= 0):
            raise RowRefused(self.columns["estimate"].header, f"{text!r} is not a number >= 0")
        return estimate


def first_value(cells: list[str], column: MappedColumn) -> str:
    """The first non-empty value among the columns of that name, stripped; "" when there is none."""
    for position in column.positions:
        text = cells[position].strip()
        if text:
            return text
    return ""


def named_project(text: str) -> str:
    """The project named for a whole file. Raises CsvRefused when it cannot be an id."""
    try:
        return project_id(text)
    except ValueError as error:
        raise CsvRefused(f"--project {error}.") from error
