"""Real sprints from a file: one row a sprint, each team in its own order."""

import csv
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from graphs.evidence.pace import Sprint

Teams = dict[str, tuple["Row", ...]]

NUMBERS = ("seq", "duration_days", "n_issues_scope_t0", "team_size_t0", "n_completed")
# Without this column a sprint counts as one that took in work after its start.
ADDED = "n_added"
COLUMNS = ("project_key", "team_id", "sprint_id", "usable", *NUMBERS)
MOST = 10_000  # days, tasks or people of a sprint: more is a slip, and would take hours to forecast
MOST_SPRINTS = 1_000_000  # of `seq`, which only orders
LONGEST_NAME = 100  # as a perception's


class NotSprints(ValueError):
    """The file is not of the known format; the message is one line that says where and why."""


@dataclass(frozen=True)
class Row:
    """One sprint that ended."""

    project: str
    """Unit that is left out when something is fitted."""
    team: str
    """Unit of history."""
    sprint_id: str
    """Name of the sprint, only once in a team."""
    days: int
    """Calendar days, start to planned end."""
    scope: int | None
    """Tasks at the start; None when not known."""
    people: int | None
    """People seen by the start; None when not known."""
    added: int | None
    """Tasks added after the start; None when not known."""
    completed: int
    """Tasks completed at the end."""

    @property
    def sprint(self) -> Sprint:
        """Return the row as evidence takes it, once it is past."""
        # A sprint that takes in work never runs out of it: its scope is no bound of what is done.
        return Sprint(self.completed, self.days, None if self.added != 0 else self.scope)

    @property
    def committed_sprint(self) -> Sprint:
        """Return the same with its scope at the start, whatever was added."""
        return Sprint(self.completed, self.days, self.scope)


def read(folder: Path) -> Teams:
    """The usable rows of `folder`/sprints.csv by team, oldest first; at least one.

    Raises: `NotSprints` with one line that names the file, the line and the column.
    """
    path = folder / "sprints.csv"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            teams = _teams(csv.DictReader(file))
    except OSError as error:
        raise NotSprints(
            f"{folder}: not a folder with sprints.csv that can be read: {error.strerror or error}"
        ) from error
    except UnicodeDecodeError as error:
        raise NotSprints(f"{path}: not UTF-8 text: {error.reason}") from error
    except ValueError as error:
        raise NotSprints(f"{path}: {error}") from error
    return {
        team: tuple(row for _, row in sorted(rows.items())) for team, rows in sorted(teams.items())
    }


def _teams(reader: "csv.DictReader[str]") -> dict[str, dict[int, Row]]:
    """The usable rows by team and place. Raises: `ValueError` that names the line and the column,
    `UnicodeDecodeError`."""
    teams: dict[str, dict[int, Row]] = defaultdict(dict)
    rows = last = 0
    try:
        _check_header(reader.fieldnames)
        last = reader.line_num
        for line in reader:
            rows += 1
            _check_complete(line)
            if line["usable"] == "1":
                row = _row(line)
                _add(teams[row.team], _whole(line, "seq"), row)
            last = reader.line_num
    except UnicodeDecodeError:
        raise  # read ahead of the line, so no line is named
    except (ValueError, csv.Error) as error:
        # A quote that is never closed takes in all that follows, so where the row began counts.
        first, end = last + 1, max(1, reader.reader.line_num)
        raise ValueError(f"line{'' if first >= end else f's {first} to'} {end}: {error}") from error
    if not teams:
        raise ValueError("no row is usable" if rows else "a header and no rows")
    return teams


def _check_header(names: Sequence[str] | None) -> None:
    """Raises: `ValueError` for columns that are not there, or there twice."""
    if names is None:
        raise ValueError("empty, not even a header")
    for problem, columns in (
        ("no column", [name for name in COLUMNS if name not in names]),
        ("more than one column", [name for name in (*COLUMNS, ADDED) if names.count(name) > 1]),
    ):
        if columns:
            raise ValueError(f"{problem} {', '.join(columns)}")


def _check_complete(line: Mapping[str | None, str | None]) -> None:
    """Raises: `ValueError` for a row that is shorter or longer than the header, or half said."""
    for name, value in line.items():
        if name is None:
            raise ValueError("the row has more columns than the header")
        if value is None:
            raise ValueError(f"the row ends before {name}")
    if line["usable"] not in ("0", "1"):
        raise ValueError(f"usable: {_cut(line['usable'])} is neither 0 nor 1")


def _add(rows: dict[int, Row], seq: int, row: Row) -> None:
    """Raises: `ValueError` for a second row of a place or of a sprint, or of another project."""
    if seq in rows:
        raise ValueError(f"seq: {seq} is not the only usable row {seq} of team {row.team!r}")
    if any(other.sprint_id == row.sprint_id for other in rows.values()):
        raise ValueError(
            f"sprint_id: {row.sprint_id!r} is the name of another usable row of team {row.team!r}"
        )
    first = next(iter(rows.values()), row)
    if first.project != row.project:
        raise ValueError(
            f"project_key: {row.project!r}, and {first.project!r} before, of team {row.team!r}"
        )
    rows[seq] = row


def _row(line: dict[str, str]) -> Row:
    return Row(
        project=_name(line, "project_key"),
        team=_name(line, "team_id"),
        sprint_id=_name(line, "sprint_id"),
        days=_whole(line, "duration_days", least=1),
        scope=_whole_or_blank(line, "n_issues_scope_t0"),
        people=_whole_or_blank(line, "team_size_t0") or None,  # nobody seen: not known who is there
        added=_whole_or_blank(line, ADDED) if ADDED in line else None,
        completed=_whole(line, "n_completed"),
    )


def _name(line: dict[str, str], column: str) -> str:
    name = line[column]
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"{column}: {_cut(name)} is not a name of 1 to {LONGEST_NAME} characters")
    return name


def _whole_or_blank(line: dict[str, str], column: str) -> int | None:
    return _whole(line, column) if line[column].strip() else None


def _whole(line: dict[str, str], column: str, least: int = 0) -> int:
    """The number of a column, rounded. Raises: `ValueError` when it is none or out of bounds."""
    text, most = line[column], MOST_SPRINTS if column == "seq" else MOST
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= least and round(number) <= most):
        raise ValueError(f"{column}: {_cut(text)} is not a number from {least} to {most:,}")
    return round(number)


def _cut(text: str | None) -> str:
    """A value as an error may show it: quoted, and of one line that can be read."""
    return repr((text or "")[:40])
