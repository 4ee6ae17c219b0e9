"""Day and sprint length of an import: parsed from text, or the day chosen from the data."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from agent.importing.dates.formats import EARLIEST, LATEST, latest_today
from agent.importing.errors import CsvRefused
from agent.importing.reading.readiness import question_sentence
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Task
from domain_services.project.schema import Clock

# A project whose day is at most this old follows the clock (docs/adr/0086-day-of-an-import.md).
LIVE_DAYS = 28
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


def clock_of(day: date, today: date) -> Clock:
    """Return the clock of a project that is imported as of a day.

    A day of the last four weeks is the present of a team; an older one is a study.
    """
    return "live" if (today - day).days <= LIVE_DAYS else "held"


def newest_day(tasks: Iterable[Task]) -> date | None:
    """Return the newest date of any kind; None without tasks."""
    return max((task.newest for task in tasks), default=None)


def _sprint_days(recognitions: Iterable[Recognition]) -> Iterator[date]:
    """Yield the days on which sprints were closed, and on which those that run began."""
    for recognition in recognitions:
        for sprint in recognition.sprints:
            if sprint.closed is not None and sprint.state != "future":
                yield sprint.closed
            if sprint.start is not None and sprint.state == "active":
                yield sprint.start


def choose_as_of(
    recognitions: Sequence[Recognition],
    tasks: Sequence[Task],
    requested: date | None,
    today: date,
) -> date:
    """Return the requested day, or by default the day after the newest date, at most today.

    The newest date is one of a task, or of a sprint that has ended or runs.

    Raises: `CsvRefused`, with the range of the file's dates, when no row is usable, nothing was
    created by that day, or the requested day lies after today everywhere on earth.
    """
    if requested is not None and requested > latest_today():
        raise CsvRefused(
            f"--as-of {requested} lies after today ({today}): nobody knows yet what happens by "
            "then; give today or a past day."
        )
    for recognition in recognitions:
        if not recognition.rows:
            raise CsvRefused(
                f"{recognition.name} has a header and no rows: export the tasks again, with rows."
            )
        if not recognition.tasks:
            raise CsvRefused(_no_usable_row(recognition))
    newest, first = newest_day(tasks), min(task.created for task in tasks)
    assert newest is not None
    newest = max([newest, *(day for day in _sprint_days(recognitions) if day <= today)])
    # Where the day begins first it may be tomorrow already, so the file may hold a later date.
    day = requested or min(newest + timedelta(days=1), max(today, newest))
    if day < first:
        paths = ", ".join(recognition.name for recognition in recognitions)
        raise CsvRefused(
            f"Nothing in {paths} was created by {day}: its dates run from {first} to {newest}; "
            "choose a day among them with --as-of."
        )
    return day


def _no_usable_row(recognition: Recognition) -> str:
    if recognition.questions:
        # A doubt about a column refuses all its rows; their own reasons lead nowhere.
        doubts = " ".join(map(question_sentence, recognition.questions))
        return f"None of the {recognition.rows} rows of {recognition.name} can be used. {doubts}"
    refusal = recognition.refused[0]
    column = f", column {refusal.column!r}" if refusal.column else ""
    dates = (
        f"run from {recognition.first} to {recognition.last}"
        if recognition.first
        else "could not be read"
    )
    return (
        f"None of the {recognition.rows} rows of {recognition.name} can be used; the first, "
        f"row {refusal.row}{column}: {refusal.reason}. The dates of the file {dates}. "
        "Correct the rows, or map other columns with --map."
    )
