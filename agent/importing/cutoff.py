"""The day a history is imported as of, and the length of its sprints, as people give them."""

import re
from datetime import date, timedelta

from agent.importing.dates import EARLIEST, LATEST
from agent.importing.errors import CsvRefused
from agent.importing.recognition import Recognition

MAX_CADENCE_DAYS = 366
_CADENCE = re.compile(r"([0-9]{1,3})([dw])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_cadence(text: str) -> int:
    """The days of a sprint: `2w` is 14, `10d` is 10. Raises CsvRefused for any other form."""
    match = _CADENCE.fullmatch(text.strip().lower())
    days = int(match[1]) * (7 if match[2] == "w" else 1) if match else 0
    if not 1 <= days <= MAX_CADENCE_DAYS:
        raise CsvRefused(
            f"Cadence {text!r} is not a number of weeks or days such as 2w or 10d, "
            f"at most {MAX_CADENCE_DAYS} days."
        )
    return days


def parse_as_of(text: str) -> date:
    """The day of `YYYY-MM-DD`. Raises CsvRefused for any other form or no such day."""
    try:
        day = date.fromisoformat(text.strip()) if _DAY.fullmatch(text.strip()) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise CsvRefused(
            f"As-of date {text!r} is not a day of the form YYYY-MM-DD, such as 2016-06-06."
        )
    return day


def as_of_doubt(asked: date | None, today: date) -> str | None:
    """What to warn of when a day is asked for that is still to come."""
    if asked is None or asked <= today:
        return None
    return (
        f"--as-of {asked} lies after today: sprints that have not happened yet count "
        "as past ones in which nothing was finished."
    )


def choose_as_of(recognition: Recognition, asked: date | None) -> date:
    """The day asked for, otherwise the day after the last finish, or else the last creation.

    Raises CsvRefused, naming the range of the file's dates, when no row is usable or nothing was
    created by that day.
    """
    tasks, path = recognition.tasks, recognition.table.path
    if not recognition.rows:
        raise CsvRefused(f"{path} has a header and no rows.")
    if not tasks:
        worst = recognition.refused[0]
        dates = f"run from {recognition.first} to {recognition.last}" if recognition.first else ""
        raise CsvRefused(
            f"None of the {recognition.rows} rows of {path} can be used; the first, row {worst.row}"
            f"{f', column {worst.column!r}' if worst.column else ''}: {worst.reason}. "
            f"The dates of the file {dates or 'could not be read'}."
        )
    finishes = [task.finished for task in tasks if task.finished]
    day = asked or max(finishes or [task.created for task in tasks]) + timedelta(days=1)
    first = min(task.created for task in tasks)
    if day < first:
        last = max(task.finished or task.created for task in tasks)
        raise CsvRefused(
            f"Nothing in {path} was created by {day}: its dates run from {first} to {last}."
        )
    return day
