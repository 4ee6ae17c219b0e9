"""Day and sprint length of an import: parsed from text, or the day chosen from the data."""

import re
from datetime import date, timedelta

from agent.importing.dates import EARLIEST, LATEST
from agent.importing.errors import CsvRefused
from agent.importing.recognition import Recognition

MAX_CADENCE_DAYS = 366
_CADENCE = re.compile(r"([0-9]{1,3})([dw])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_cadence(text: str) -> int:
    """Parse a sprint length into days: `2w` is 14, `10d` is 10.

    Raises: `CsvRefused` for any other form.
    """
    match = _CADENCE.fullmatch(text.strip().lower())
    days = int(match[1]) * (7 if match[2] == "w" else 1) if match else 0
    if not 1 <= days <= MAX_CADENCE_DAYS:
        raise CsvRefused(
            f"Cadence {text!r} is not a number of weeks or days such as 2w or 10d, "
            f"at most {MAX_CADENCE_DAYS} days."
        )
    return days


def parse_as_of(text: str) -> date:
    """Parse a day of the form `YYYY-MM-DD`.

    Raises: `CsvRefused` for any other form or a day that does not exist.
    """
    try:
        # date.fromisoformat alone also takes 20160606 and 2016-W23-1.
        day = date.fromisoformat(text.strip()) if _DAY.fullmatch(text.strip()) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise CsvRefused(
            f"As-of date {text!r} is not a day of the form YYYY-MM-DD, such as 2016-06-06."
        )
    return day


def future_day_warning(requested: date | None, today: date) -> str | None:
    """Return a warning when the requested day lies after today; None otherwise."""
    if requested is None or requested <= today:
        return None
    return (
        f"--as-of {requested} lies after today: sprints that have not happened yet count "
        "as past ones in which nothing was finished."
    )


def choose_as_of(recognition: Recognition, requested: date | None) -> date:
    """Return the requested day, or by default the day after the last finish or else creation.

    Raises: `CsvRefused`, with the range of the file's dates, when no row is usable or nothing was
    created by that day.
    """
    tasks, path = recognition.tasks, recognition.table.path
    if not recognition.rows:
        raise CsvRefused(f"{path} has a header and no rows: export the tasks again, with rows.")
    if not tasks:
        raise CsvRefused(_no_usable_row(recognition))
    finishes = [task.finished for task in tasks if task.finished]
    day = requested or max(finishes or [task.created for task in tasks]) + timedelta(days=1)
    first = min(task.created for task in tasks)
    if day < first:
        last = max(task.finished or task.created for task in tasks)
        raise CsvRefused(
            f"Nothing in {path} was created by {day}: its dates run from {first} to {last}; "
            "choose a day among them with --as-of."
        )
    return day


def _no_usable_row(recognition: Recognition) -> str:
    refusal = recognition.refused[0]
    column = f", column {refusal.column!r}" if refusal.column else ""
    dates = (
        f"run from {recognition.first} to {recognition.last}"
        if recognition.first
        else "could not be read"
    )
    return (
        f"None of the {recognition.rows} rows of {recognition.table.path} can be used; the first, "
        f"row {refusal.row}{column}: {refusal.reason}. The dates of the file {dates}. "
        "Correct the rows, or map other columns with --map."
    )
