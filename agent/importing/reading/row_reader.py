"""Reading of one record of the file as a task."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from agent.importing.dates.clock import time_of_day
from agent.importing.dates.formats import EARLIEST, FORMATS, LATEST, DateFormat, is_no_date
from agent.importing.meaning.statuses import State, state_of
from agent.importing.reading.mapping import MappedColumn
from agent.importing.tables.table import Record
from agent.importing.tasks import RowRefused, Task, project_id

# The longest one-line text the services store.
MAX_TEXT = 300
REQUIRED_FIELDS = ("id", "project", "created")
_LABEL_ENDS = re.compile(r"[,;\n]")


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reader of records as tasks."""

    header: tuple[str, ...]
    """Column names of the file."""
    columns: Mapping[str, MappedColumn]
    """Mapped columns by the name of their field."""
    formats: Mapping[str, DateFormat | None]
    """Format of each date field; None when none reads its values."""
    today: date
    """Last day that a date may have."""
    prefix: str = ""
    """Text before every value of the project column."""
    project: str | None = None
    """Project id of every row; None when the project column has it."""
    forced: bool = False
    """True when the caller chose the formats."""

    def read(self, record: Record) -> tuple[Task, bool]:
        """Read a record; return its task, and True when its finish date was corrected.

        Raises: `RowRefused`.
        """
        if record.fault:
            raise RowRefused("", record.fault)
        _check_width(record.cells, self.header)
        texts = self._texts(record.cells)
        created = self._date("created", texts["created"])
        finish_text, status = texts.get("finished"), texts.get("status")
        finished = self._date("finished", finish_text) if finish_text else None
        # Without its day, a done task would count as open backlog.
        if status and finished is None and state_of(status) is State.DONE:
            raise RowRefused(
                self.columns["status"].header,
                f"status {status!r} means done, but there is no finish date",
            )
        # 1,662 of the example's 4,123 rows are so: an artefact of the tracker, not of the work.
        corrected = finished is not None and finished < created
        task = Task(
            id=texts["id"],
            project=self.project or self._project(texts["project"]),
            created=created,
            finished=created if corrected else finished,
            title=texts.get("title"),
            status=status,
            priority=texts.get("priority"),
            rank=texts.get("rank"),
            assignee=texts.get("assignee"),
            type=texts.get("type"),
            labels=self._labels(record.cells),
            estimate=self._estimate(texts.get("estimate")),
            updated=self._moment("updated", texts.get("updated")),
        )
        return task, corrected

    def _texts(self, cells: list[str]) -> dict[str, str]:
        """Collect the non-empty value of each field but labels, which have several."""
        texts: dict[str, str] = {}
        for field, column in self.columns.items():
            if field == "labels":
                continue
            text = column.first_value(cells)
            if field in self.formats and is_no_date(text):
                text = ""
            if text:
                texts[field] = text
            elif field in REQUIRED_FIELDS:
                raise RowRefused(column.header, f"is empty, but {field} is required")
            if len(text) > MAX_TEXT:
                raise RowRefused(
                    column.header, f"has {len(text)} characters, at most {MAX_TEXT} are kept"
                )
        return texts

    def _project(self, text: str) -> str:
        try:
            return project_id(self.prefix + text)
        except ValueError as error:
            raise RowRefused(self.columns["project"].header, str(error)) from error

    def _moment(self, field: str, text: str | None) -> datetime | None:
        date_format = self.formats.get(field)
        day = date_format.parse(text) if text and date_format else None
        # It only orders the rows of one task, so an unreadable one refuses no row.
        if text is None or day is None or not EARLIEST <= day <= min(LATEST, self.today):
            return None
        return datetime.combine(day, time_of_day(text))

    def _date(self, field: str, text: str) -> date:
        date_format = self.formats[field]
        day = None if date_format is None else date_format.parse(text)
        if day is not None and EARLIEST <= day <= min(LATEST, self.today):
            return day
        reason = self._date_fault(text, day, date_format)
        raise RowRefused(self.columns[field].header, reason)

    def _date_fault(self, text: str, day: date | None, date_format: DateFormat | None) -> str:
        if day is not None and self.today < day <= LATEST:
            return f"{text!r} lies after today"
        if day is not None:
            return f"{text!r} is outside {EARLIEST} to {LATEST}"
        if date_format is not None:
            option = ", which --date-format asks for" if self.forced else ""
            name, example = date_format.name, date_format.example
            return f"{text!r} is not a date of the form {name} ({example}){option}"
        examples = ", ".join(known.example for known in FORMATS)
        return f"{text!r} is not a date in a known format ({examples})"

    def _labels(self, cells: list[str]) -> tuple[str, ...]:
        column = self.columns.get("labels")
        if column is None:
            return ()
        # Jira repeats the column for each label, GitHub joins labels by commas.
        text = ",".join([cells[position] for position in column.positions])
        labels = [label.strip() for label in _LABEL_ENDS.split(text)]
        return tuple(dict.fromkeys([label for label in labels if label]))

    def _estimate(self, text: str | None) -> float | None:
        if text is None:
            return None
        try:
            # Exports of many European locales write 3,5.
            estimate = float(text.replace(",", "."))
        except ValueError:
            estimate = math.nan
        if not (math.isfinite(estimate) and estimate >= 0):
            raise RowRefused(self.columns["estimate"].header, f"{text!r} is not a number >= 0")
        return estimate


def _check_width(cells: list[str], header: tuple[str, ...]) -> None:
    # Spreadsheets end rows with empty cells that the header does not have.
    if any(map(str.strip, cells[len(header) :])):
        raise RowRefused("", f"has {len(cells)} cells, the header only {len(header)}")
