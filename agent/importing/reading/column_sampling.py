"""First pass over a file: a sample value of each column, and the format of each date column."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from agent.importing.dates.date_format import DateFormat
from agent.importing.dates.file_dates import DAYS_ABOVE, MONTH_WORDS, DetectedDates, FileDates
from agent.importing.dates.formats import SERIAL
from agent.importing.meaning.estimates import Comma, comma_of
from agent.importing.notices import Notice, Question
from agent.importing.profiles.profile import Profile
from agent.importing.reading.estimate_columns import (
    NO_ESTIMATES,
    ChosenEstimates,
    EstimateSamples,
    choose_estimates,
)
from agent.importing.reading.fields import DATE_FIELDS
from agent.importing.reading.mapping import MappedColumn
from agent.importing.reading.rows import collector
from agent.importing.tables.record import Record

# It only orders the rows of one task: nothing is lost without it.
_SPARE_FIELDS = frozenset(("updated",))


@dataclass(frozen=True, slots=True)
class ColumnSamples:
    """Findings of the first pass, by the name of the field that a column feeds."""

    first_values: Mapping[str, str]
    """First non-empty value; a field without any value is absent."""
    dates: Mapping[str, DetectedDates]
    """Detected format and range of each date field that has a column."""
    comma: Comma | None = None
    """Meaning of a comma in estimates; None when no estimate tells it, or two contradict."""
    estimates: EstimateSamples = field(default_factory=EstimateSamples)
    """Estimates by their columns."""


@dataclass(frozen=True, slots=True)
class ChosenFormats:
    """Formats of the date fields, and what a person should know about them."""

    formats: Mapping[str, DateFormat | None]
    """Format by field; None for a column that is refused as a whole or has no date."""
    notices: tuple[Notice, ...] = ()
    """Why a format was chosen, where the values alone do not tell it."""
    questions: tuple[Question, ...] = ()
    """Columns refused as a whole first, then those whose order of day and month is in doubt."""
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    """Clause by field that says why; fields without doubt are absent."""


def sample_columns(
    records: Iterable[Record],
    columns: Mapping[str, MappedColumn],
    forced: DateFormat | None,
    *,
    language: str = "en",
    today: date | None = None,
) -> ColumnSamples:
    """Look through all records and sample the mapped columns; a row with a fault is left out.

    `forced` is the format that a person chose; None detects it. `language` and `today` are those
    of `FileDates`.
    """
    mapped = {name: columns[name] for name in DATE_FIELDS if name in columns}
    dates = FileDates(mapped, forced, language=language, today=today)
    values_of = collector(mapped)
    first_values: dict[str, str] = {}
    missing = [*columns.items()]
    estimates = columns["estimate"].positions if "estimate" in columns else ()
    commas, samples = set[Comma | None](), EstimateSamples()
    for record in records:
        # The second pass refuses such a row; its last cell may be cut.
        if record.fault:
            continue
        cells = record.cells
        if missing:
            texts = {name: text for name, column in missing if (text := column.first_value(cells))}
            if texts:
                first_values |= texts
                missing = [(name, column) for name, column in missing if name not in texts]
        for position in estimates:
            if cell := cells[position]:
                samples.add(position, cell)
                if "," in cell or "." in cell:
                    commas.add(comma_of(cell))
        dates.add(values_of(cells).first)
    meanings = commas - {None}
    comma = meanings.pop() if len(meanings) == 1 else None
    return ColumnSamples(first_values, dates.detect(), comma, samples)


def with_estimates(
    columns: Mapping[str, MappedColumn], samples: ColumnSamples, profile: Profile
) -> tuple[Mapping[str, MappedColumn], ColumnSamples, ChosenEstimates]:
    """Return the columns and samples with estimates of one unit alone, and how these are read."""
    if (column := columns.get("estimate")) is None:
        return columns, samples, NO_ESTIMATES
    chosen = choose_estimates(column, samples.estimates, profile, samples.comma)
    first_values = dict(samples.first_values)
    if chosen.sample is not None:
        first_values["estimate"] = chosen.sample
    return (
        {**columns, "estimate": chosen.column or column},
        replace(samples, first_values=first_values),
        chosen,
    )


def choose_formats(dates: Mapping[str, DetectedDates], headers: Mapping[str, str]) -> ChosenFormats:
    """Choose the format of each date field and word what is certain, told or in doubt.

    `headers` are the names of the columns by field.
    """
    refused = {name: column for name, column in dates.items() if column.fault}
    needed = {name: column for name, column in refused.items() if name not in _SPARE_FIELDS}
    spare = {name: column for name, column in refused.items() if name in _SPARE_FIELDS}
    doubtful = {name: column for name, column in dates.items() if column.ambiguous}
    return ChosenFormats(
        {name: column.format for name, column in dates.items()},
        (
            *(_ignored(headers[name], column) for name, column in spare.items()),
            *_reasons(dates, headers),
            *(_serial(headers[name]) for name, column in dates.items() if column.format is SERIAL),
        ),
        (
            *_faults(needed, headers),
            *_doubts(doubtful, headers),
        ),
        {name: column.reason for name, column in dates.items() if column.reason},
    )


def _faults(dates: Mapping[str, DetectedDates], headers: Mapping[str, str]) -> tuple[Question, ...]:
    """Ask once for all columns that the same step makes readable."""
    groups: dict[tuple[str, DateFormat | None], list[str]] = {}
    for name, column in dates.items():
        _, _, advice = (column.fault or "").rpartition("; ")
        groups.setdefault((advice, column.advised), []).append(name)
    return tuple(
        _fault({name: dates[name] for name in names}, headers, advice, advised)
        for (advice, advised), names in groups.items()
    )


def _fault(
    dates: Mapping[str, DetectedDates],
    headers: Mapping[str, str],
    advice: str,
    advised: DateFormat | None,
) -> Question:
    faults = [
        f"The column {headers[name]!r} {(column.fault or '').rpartition('; ')[0]}."
        for name, column in dates.items()
    ]
    if advised is not None:
        answer = f"--date-format '{advised.name}'" if " " in advised.name else ""
        return Question(" ".join(faults), answer or f"--date-format {advised.name}")
    mapping = ",".join(f"{name}=COLUMN" for name in dates)
    columns = "another column" if len(dates) == 1 else "other columns"
    faults.append(f"{advice[:1].upper()}{advice[1:]}.")
    return Question(" ".join(faults), f"such a file, or with {columns}: --map {mapping}")


def _ignored(header: str, column: DetectedDates) -> Notice:
    return Notice(f"The column {header!r} is not used: it {column.fault}.", "warning")


def _serial(header: str) -> Notice:
    return Notice(
        f"{header!r} holds day numbers of a spreadsheet: {SERIAL.example} is 2016-06-13. "
        "Name another --date-format if they mean something else.",
        "warning",
    )


def _reasons(dates: Mapping[str, DetectedDates], headers: Mapping[str, str]) -> tuple[Notice, ...]:
    """Say once for each format and reason which columns are read so."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, column in dates.items():
        if column.format and column.reason and not column.ambiguous:
            groups.setdefault((column.format.name, column.reason), []).append(headers[name])
    return tuple(
        Notice(
            f"{_listed(names)} {_are(names)} read as {format_name}: {reason}.",
            "note" if reason in (DAYS_ABOVE, MONTH_WORDS) else "warning",
        )
        for (format_name, reason), names in groups.items()
    )


def _doubts(dates: Mapping[str, DetectedDates], headers: Mapping[str, str]) -> tuple[Question, ...]:
    """Ask once for all columns that remain open between the same formats."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, column in dates.items():
        groups.setdefault(tuple(known.name for known in column.readings), []).append(name)
    questions: list[Question] = []
    for formats, names in groups.items():
        column = dates[names[0]]
        text = column.doubtful or ""
        days = " or ".join(str(known.parse(text)) for known in column.readings)
        contradiction = (
            f" The evidence contradicts itself: {column.reason}." if column.reason else ""
        )
        questions.append(
            Question(
                f"{_listed([headers[name] for name in names])} can be read as "
                f"{' or '.join(formats)}: {text.strip()!r} is {days}.{contradiction}",
                " or ".join(
                    f"--date-format '{name}'" if " " in name else f"--date-format {name}"
                    for name in formats
                ),
            )
        )
    return tuple(questions)


def _listed(names: Sequence[str]) -> str:
    *others, last = map(repr, names)
    return f"{', '.join(others)} and {last}" if others else last


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
