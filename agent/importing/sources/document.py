"""Rows of a tracker as a file: JSON lines, the first one about all, then one for each task.

The file may come from anybody who may upload: everything in it is bounded and checked.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from agent.importing.errors import CsvRefused
from agent.importing.meaning.statuses import State
from agent.importing.notices import Notice
from agent.importing.profiles.profile import Profile
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.sources.meanings import GITHUB, GITLAB, JIRA_NAMES
from agent.importing.sources.shapes import MAX_TEXT
from agent.importing.tasks import Kind, TrackerSprint
from domain_services.kernel.types import ProjectId

FORMAT = "dsm-tracker-rows"
VERSION = 1
MAX_HEAD_BYTES = 16 << 20
MAX_LINE_BYTES = 4 << 20
MAX_NAMES = 5_000
MAX_FIELDS = 50
MAX_PLACES = 500_000
_ADVICE = "read the tracker once more by dsm import jira, github or gitlab."

Name = Annotated[str, Field(min_length=1, max_length=500)]
# A field that this release does not know is not read.
FieldName = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NoticeLine(_Strict):
    """Sentence about what could not be read."""

    text: Text
    weight: Literal["warning", "note"] = "note"


class SprintLine(_Strict):
    """Sprint of the tracker."""

    project: Name
    name: Name
    start: date | None = None
    end: date | None = None
    closed: date | None = None
    state: Literal["future", "active", "closed"] | None = None
    committed: Annotated[list[Name], Field(max_length=100_000)] | None = None


class ChangesLine(_Strict):
    """Facts by which the known tasks of one project complete a read of changes."""

    project: ProjectId
    since: AwareDatetime
    places: (
        Annotated[dict[Name, Annotated[str, Field(max_length=500)]], Field(max_length=MAX_PLACES)]
        | None
    ) = None


class Head(_Strict):
    """First line: what the file is, and what holds for all its tasks."""

    format: Literal["dsm-tracker-rows"]
    version: Literal[1]
    name: Name
    profile: Name
    statuses: Annotated[dict[Name, State], Field(max_length=MAX_NAMES)] = {}
    types: Annotated[dict[Name, Kind], Field(max_length=MAX_NAMES)] = {}
    sprints: Annotated[list[SprintLine], Field(max_length=20_000)] = []
    notices: Annotated[list[NoticeLine], Field(max_length=1_000)] = []
    changes: ChangesLine | None = None
    rows: Annotated[int, Field(ge=0, le=5_000_000)]


class RowLine(_Strict):
    """One task."""

    values: Annotated[
        dict[FieldName, Annotated[list[Text], Field(max_length=1_000)]],
        Field(max_length=MAX_FIELDS),
    ]
    transitions: Annotated[list[tuple[AwareDatetime, Text]], Field(max_length=20_000)] = []


def write_document(source: SourceRows, stream: BinaryIO) -> None:
    """Write everything that a read told, a line at a time; no token is in it.

    Raises: `ValueError` for changes of a project that nobody named; `CsvRefused` for more than a
    document holds.
    """
    if source.since is not None and not source.project:
        raise ValueError("changes without their project are no document")
    _write_line(source, stream, lambda: _head(source), MAX_HEAD_BYTES)
    for row in source.rows:
        _write_line(source, stream, partial(_row_line, row), MAX_LINE_BYTES)


def _write_line(
    source: SourceRows, stream: BinaryIO, make: Callable[[], BaseModel], most_bytes: int
) -> None:
    try:
        line = make().model_dump_json(exclude_defaults=True).encode() + b"\n"
    except ValidationError as error:
        raise _too_much(source, _fault(error)) from None
    if len(line) > most_bytes:
        raise _too_much(source, f"has {len(line):,} bytes in one line")
    stream.write(line)


def _too_much(source: SourceRows, reason: str) -> CsvRefused:
    return CsvRefused(
        f"What {source.name} tells {reason}, and is more than an import takes: read a part of it, "
        "by --jql or --labels."
    )


def _head(source: SourceRows) -> Head:
    is_fixed = source.profile in (GITHUB, GITLAB)
    return Head(
        format=FORMAT,
        version=VERSION,
        name=source.name,
        profile=source.profile.name,
        statuses={} if is_fixed else dict(source.profile.statuses),
        types={} if is_fixed else dict(source.profile.types),
        sprints=[_sprint_line(sprint) for sprint in source.sprints],
        notices=[NoticeLine(text=one.text, weight=one.weight) for one in source.notices],
        changes=_changes_line(source),
        rows=sum(1 for _ in source.rows),
    )


def _changes_line(source: SourceRows) -> ChangesLine | None:
    if source.since is None:
        return None
    places = None if source.places is None else dict(source.places)
    return ChangesLine(project=source.project, since=source.since, places=places)


def _row_line(row: SourceRow) -> RowLine:
    values = {name: list(texts) for name, texts in row.values.items()}
    return RowLine(values=values, transitions=list(row.transitions))


def read_document(path: Path) -> SourceRows:
    """Read the first line of a file; its rows are read as often as they are asked for.

    Raises: `CsvRefused` for a line that is none, here and while the rows are read.
    """
    with path.open("rb") as stream:
        line = stream.readline(MAX_HEAD_BYTES + 1)
    if len(line) > MAX_HEAD_BYTES:
        raise _refused(path, 1, f"is longer than {MAX_HEAD_BYTES >> 20} MB")
    try:
        head = Head.model_validate_json(line)
    except ValidationError as error:
        raise _refused(path, 1, _fault(error)) from None
    changes = head.changes
    return SourceRows(
        name=head.name,
        profile=_profile(path, head),
        rows=DocumentRows(path, head.rows),
        sprints=tuple(_sprint(sprint) for sprint in head.sprints),
        notices=tuple(Notice(one.text, one.weight) for one in head.notices),
        since=changes and changes.since,
        places=changes and changes.places,
        project=changes.project if changes else "",
    )


@dataclass(frozen=True, slots=True)
class DocumentRows:
    """Rows of a file, read anew by each loop."""

    path: Path
    """The file."""
    count: int
    """Rows that its first line states."""

    def __iter__(self) -> Iterator[SourceRow]:
        """Yield the rows. Raises: `CsvRefused`."""
        number = 0
        with self.path.open("rb") as stream:
            stream.readline(MAX_HEAD_BYTES + 1)
            while line := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise _refused(self.path, number + 1, "is longer than 4 MB")
                yield _row(self.path, number, line)
        if number != self.count:
            raise CsvRefused(
                f"{self.path.name} has {number:,} of {self.count:,} tasks: it was cut or joined on "
                f"its way; {_ADVICE}"
            )


def _row(path: Path, number: int, line: bytes) -> SourceRow:
    try:
        row = RowLine.model_validate_json(line)
    except ValidationError as error:
        raise _refused(path, number + 1, _fault(error)) from None
    moves = sorted(row.transitions, key=_moment)
    values = {name: tuple(texts) for name, texts in row.values.items() if texts}
    return SourceRow(values, tuple(moves), number)


def _moment(transition: tuple[datetime, str]) -> datetime:
    return transition[0]


def _profile(path: Path, head: Head) -> Profile:
    for profile in (GITHUB, GITLAB):
        if head.profile == profile.name:
            return profile
    if head.profile not in JIRA_NAMES.values():
        raise _refused(path, 1, f"names the unknown tracker {head.profile[:50]!r}")
    return Profile(head.profile, (), {}, statuses=head.statuses, types=head.types)


def _sprint(line: SprintLine) -> TrackerSprint:
    committed = None if line.committed is None else tuple(line.committed)
    return TrackerSprint(
        line.project, line.name, line.start, line.end, line.closed, line.state, committed=committed
    )


def _sprint_line(sprint: TrackerSprint) -> SprintLine:
    values = asdict(sprint)
    del values["inferred"]
    return SprintLine.model_validate(values)


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part)[:50] for part in first["loc"][:4])
    return f"cannot be read ({place or 'whole line'}: {first['msg'][:200]})"


def _refused(path: Path, line: int, reason: str) -> CsvRefused:
    return CsvRefused(
        f"{path.name}, rows of a tracker: line {line} {reason}; {_ADVICE} The file must be of this "
        "release of dsm.",
        row=line,
    )
