"""Recognition of a file before anything is written: columns, formats, tasks and refusals."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from agent.importing.dates.formats import ISO, DateFormat, date_format, latest_today
from agent.importing.meaning import ranks
from agent.importing.meaning.statuses import plain_name
from agent.importing.notices import Notice, Question
from agent.importing.options import ImportOptions
from agent.importing.profiles.catalogue import ANY_TABLE
from agent.importing.profiles.profile import Lack
from agent.importing.profiles.telling import Told, tell
from agent.importing.reading.absent_names import absent_statuses, absent_types
from agent.importing.reading.collection import without_collection
from agent.importing.reading.column_sampling import (
    ColumnSamples,
    choose_formats,
    sample_columns,
    with_estimates,
)
from agent.importing.reading.counts import (
    KindCount,
    PriorityCount,
    ProjectCount,
    StateCounts,
    StatusCount,
    count_kinds,
    count_priorities,
    count_projects,
    count_states,
    count_statuses,
    work_in,
)
from agent.importing.reading.fields import DATE_FIELDS
from agent.importing.reading.file_project import with_file_project
from agent.importing.reading.findings import (
    kind_notices,
    reading_notices,
    state_notices,
    status_questions,
)
from agent.importing.reading.hierarchy import settle_kinds
from agent.importing.reading.mapping import MappedColumn
from agent.importing.reading.progress import Progress, ReadingProgress
from agent.importing.reading.reader_for import reader_for
from agent.importing.reading.remedies import lacks_of
from agent.importing.reading.required_columns import required_columns
from agent.importing.reading.rows import (
    Rows,
    raw_rows_of_source,
    raw_rows_of_table,
    read_rows,
)
from agent.importing.reading.source_rows import SourceRows
from agent.importing.reading.tally import Tally
from agent.importing.tables.table import Table
from agent.importing.tasks import Kind, Refusal, Task, TrackerSprint


@dataclass(frozen=True, slots=True)
class RecognisedColumn:
    """A column that feeds a field."""

    field: str
    """Name of the field."""
    header: str
    """Name of the column as the file writes it; of several names the one that is filled most."""
    names: tuple[str, ...]
    """Names of all columns that a row took the field from, the one that is filled most first."""
    times: int
    """Columns that feed the field."""
    explicit: bool
    """True when the caller mapped it, False when it was detected by its name."""
    format: str | None
    """Name of the date format; None for other fields and when no format fits."""
    sample: str | None
    """First non-empty value; None when there is none."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Everything recognised in a file, or in what a tracker's API told."""

    name: str
    """Path of the file, or name of the source."""
    table: Table | None
    """File that was read; None for a source that is no file."""
    columns: tuple[RecognisedColumn, ...]
    """Columns that feed a field, in the order of the fields."""
    rows: int
    """All rows: tasks and refused ones."""
    tasks: tuple[Task, ...]
    """Tasks in the order of the file, containers and parts included."""
    refused: tuple[Refusal, ...]
    """Refused rows in the order of the file."""
    projects: tuple[ProjectCount, ...]
    """Tasks by project."""
    statuses: tuple[StatusCount, ...]
    """Tasks by status."""
    priorities: tuple[PriorityCount, ...]
    """Tasks by priority."""
    kinds: tuple[KindCount, ...]
    """Tasks by type and kind."""
    states: StateCounts
    """Work by its state."""
    finish_columns: Mapping[str, int]
    """Finish days by the column that told them."""
    sprints: tuple[TrackerSprint, ...]
    """Sprints that the rows or the tracker name."""
    profile: str
    """Name of the profile by which the file was read."""
    told_by: tuple[str, ...]
    """Columns that told the profile."""
    lacks: tuple[Lack, ...]
    """Facts that the file does not hold."""
    corrected: int
    """Tasks whose finish lay before their creation and was moved to it."""
    notices: tuple[Notice, ...]
    """Sentences for the person who imports, the warnings first."""
    questions: tuple[Question, ...]
    """Doubts that stop an import until a person settles them."""
    first: date | None
    """Earliest date that could be read, in refused rows too; None without any."""
    last: date | None
    """Latest date that could be read, in refused rows too; None without any."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Texts of the notices that are warnings."""
        return tuple(notice.text for notice in self.notices if notice.weight == "warning")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file whose rows were read, before its tasks are set in relation to all others."""

    name: str
    table: Table | None
    export: Told
    columns: Mapping[str, MappedColumn]
    recognised: tuple[RecognisedColumn, ...]
    rows: Rows
    tally: Tally
    notices: tuple[Notice, ...]
    questions: tuple[Question, ...]
    days: tuple[date, ...]
    sprints: tuple[TrackerSprint, ...]


def recognise(
    table: Table, options: ImportOptions | None = None, *, today: date | None = None
) -> Recognition:
    """Read a table by the options and the profiles known.

    A row with a date after `today` is refused; None is the present day.
    Raises: `CsvRefused` when a field or column is unknown, or id, created or the project has none.
    """
    return recognise_all([table], options or ImportOptions(), today=today)[0]


def recognise_rows(
    source: SourceRows, options: ImportOptions | None = None, *, today: date | None = None
) -> Recognition:
    """Read the rows of a tracker's API, as `recognise` reads a table."""
    return recognise_all([source], options or ImportOptions(), today=today)[0]


def recognise_all(
    sources: Sequence[Table | SourceRows],
    options: ImportOptions,
    *,
    today: date | None = None,
    progress: Progress | None = None,
) -> tuple[Recognition, ...]:
    """Read every source by itself; the parent of a row may be in another one.

    `progress` is called every thousand rows. Raises: `CsvRefused`, as `recognise` does.
    """
    statuses = {plain_name(name): state for name, state in options.statuses.items()}
    options = replace(options, statuses=statuses)
    last_day = today or latest_today()
    counter = ReadingProgress(progress, _row_count(sources))
    with without_collection():
        drafts = [
            _read_table(source, options, last_day, counter)
            if isinstance(source, Table)
            else _read_source(source, options, last_day, counter)
            for source in sources
        ]
    numbers = {number: name for draft in drafts for number, name in draft.rows.numbers.items()}
    settled = settle_kinds(
        [task for draft in drafts for task in draft.rows.tasks],
        options.types,
        numbers,
        _child_types(drafts),
        _work_types(drafts),
    )
    tasks: Iterator[Task] = iter(settled)
    recognitions = [
        _recognition(draft, tuple(islice(tasks, len(draft.rows.tasks))), options)
        for draft in drafts
    ]
    used = set[str]().union(*(draft.tally.named_statuses for draft in drafts))
    # Few rows have changed since the last read: that none of them has a status tells nothing.
    if any(isinstance(source, SourceRows) and source.since is not None for source in sources):
        used |= options.statuses.keys()
    recognitions[:1] = [_with_absent_names(one, settled, used, options) for one in recognitions[:1]]
    return tuple(recognitions)


def _row_count(sources: Sequence[Table | SourceRows]) -> int | None:
    """Count the rows of all sources; None when one of them does not tell it."""
    tables = [source for source in sources if isinstance(source, Table)]
    return sum(table.row_count for table in tables) if len(tables) == len(sources) else None


def _with_absent_names(
    recognition: Recognition, tasks: Sequence[Task], used: Collection[str], options: ImportOptions
) -> Recognition:
    """Return the recognition with the names of options that no task of any file has.

    `used` are the statuses of the options that a row has.
    """
    notices, questions = absent_types(tasks, options)
    notices = (*notices, *absent_statuses(tasks, used, options))
    if not notices and not questions:
        return recognition
    return replace(
        recognition,
        notices=(*notices, *recognition.notices),
        questions=(*questions, *recognition.questions),
    )


def _child_types(drafts: Sequence[_Draft]) -> tuple[str, ...] | None:
    """Return the types that are parts below work; None when every type is."""
    profiles = [draft.export.profile for draft in drafts]
    if any(profile is ANY_TABLE or profile.child_types is None for profile in profiles):
        return None
    return tuple(name for profile in profiles for name in profile.child_types or ())


def _work_types(drafts: Sequence[_Draft]) -> frozenset[str]:
    """Return the types that every tracker of the import calls work."""
    types = [
        {name for name, kind in draft.export.profile.types.items() if kind is Kind.WORK}
        for draft in drafts
    ]
    return frozenset(set[str].intersection(*types)) if types else frozenset()


def _read_table(
    table: Table, options: ImportOptions, today: date, counter: ReadingProgress
) -> _Draft:
    export = tell(table.header)
    profile = export.profile
    columns, project = required_columns(table, options, profile)
    options, project_notices = with_file_project(options, project)
    forced = None if options.date_format is None else date_format(options.date_format)
    samples = sample_columns(
        counter.sampling(table.records()), columns, forced, language=profile.language, today=today
    )
    chosen = choose_formats(
        samples.dates, {name: column.header for name, column in columns.items()}
    )
    columns, samples, estimates = with_estimates(columns, samples, profile)
    headers = {
        name: [column.name_at(place) for place in range(len(column.positions))]
        for name, column in columns.items()
    }
    reader = reader_for(profile, options, headers, chosen.formats, today, estimates.reader)
    rows = read_rows(counter.reading(raw_rows_of_table(table, columns, profile.empty)), reader)
    return _Draft(
        name=str(table.path),
        table=table,
        export=export,
        columns=columns,
        recognised=_recognised_columns(columns, chosen.formats, samples, reader.tally),
        rows=rows,
        tally=reader.tally,
        notices=(*table.notices, *project_notices, *chosen.notices, *estimates.notices),
        questions=chosen.questions,
        days=tuple(
            day for dates in samples.dates.values() for day in (dates.first, dates.last) if day
        ),
        sprints=rows.sprints,
    )


def _read_source(
    source: SourceRows, options: ImportOptions, today: date, counter: ReadingProgress
) -> _Draft:
    formats = dict.fromkeys(DATE_FIELDS, ISO)
    reader = reader_for(source.profile, options, {}, formats, today)
    rows = read_rows(counter.reading(raw_rows_of_source(source.rows)), reader)
    rows.tasks.extend(source.known)
    days = [day for task in rows.tasks for day in (task.created, task.newest)]
    named = {(sprint.project, sprint.name): sprint for sprint in rows.sprints}
    for sprint in source.sprints:
        project = reader.project.ids.get(sprint.project, reader.project.named or sprint.project)
        named[project, sprint.name] = replace(sprint, project=project)
    return _Draft(
        name=source.name,
        table=None,
        export=Told(source.profile, ()),
        columns={},
        recognised=(),
        rows=rows,
        tally=reader.tally,
        notices=source.notices,
        questions=(),
        days=(min(days), max(days)) if days else (),
        sprints=tuple(named.values()),
    )


def _recognition(draft: _Draft, tasks: tuple[Task, ...], options: ImportOptions) -> Recognition:
    profile, tally, columns = draft.export.profile, draft.tally, draft.columns
    tasks, rank_warnings = _usable_ranks(columns, tasks)
    work = work_in(tasks)
    states, kinds = count_states(work), count_kinds(tasks)
    notices = [
        *draft.notices,
        *reading_notices(tally, columns, tasks, is_file=draft.table is not None),
        *state_notices(states, tally, columns, profile),
        *kind_notices(kinds, tasks, work, options.types),
        *rank_warnings,
    ]
    notices.sort(key=lambda notice: notice.weight != "warning")
    return Recognition(
        name=draft.name,
        table=draft.table,
        columns=draft.recognised,
        rows=len(tasks) + len(draft.rows.refused) + tally.repeated + tally.differing.count,
        tasks=tasks,
        refused=draft.rows.refused,
        projects=count_projects(tasks, work),
        statuses=count_statuses(tasks, options.statuses, profile.statuses),
        priorities=count_priorities(tasks),
        kinds=kinds,
        states=states,
        finish_columns=dict(tally.finish_columns.most_common()),
        sprints=draft.sprints,
        profile=profile.name,
        told_by=draft.export.told_by,
        lacks=lacks_of(profile, columns),
        corrected=tally.corrected,
        notices=tuple(notices),
        questions=(*draft.questions, *status_questions(work)),
        first=min(draft.days, default=None),
        last=max(draft.days, default=None),
    )


def _recognised_columns(
    columns: Mapping[str, MappedColumn],
    formats: Mapping[str, DateFormat | None],
    samples: ColumnSamples,
    tally: Tally,
) -> tuple[RecognisedColumn, ...]:
    filled = {name: tuple(dict(uses.most_common())) for name, uses in tally.columns.items()}
    return tuple(
        RecognisedColumn(
            field=column.field,
            header=next(iter(filled.get(column.field, ())), column.header),
            names=filled.get(column.field) or (column.header,),
            times=len(column.positions),
            explicit=column.explicit,
            format=chosen.name if (chosen := formats.get(column.field)) else None,
            sample=samples.first_values.get(column.field),
        )
        for column in columns.values()
    )


def _usable_ranks(
    columns: Mapping[str, MappedColumn], tasks: tuple[Task, ...]
) -> tuple[tuple[Task, ...], list[Notice]]:
    """Return the tasks, without ranks that cannot be compared, and a warning about these."""
    if not ranks.are_mixed(task.rank for task in tasks):
        return tasks, []
    name = columns["rank"].header if "rank" in columns else "rank"
    warning = (
        f"The column {name!r} mixes numbers and texts, so it tells no order: "
        "the ranks are ignored. Export one kind, or map another column with --map rank=Column."
    )
    return tuple(replace(task, rank=None) for task in tasks), [Notice(warning, "warning")]
