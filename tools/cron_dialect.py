"""Cron dialect of this system: the part that means the same here and in Kubernetes.

Five fields of `*`, numbers, names, lists, ranges and steps. See docs/adr/0083-one-cron-dialect.md.
"""

import re
from dataclasses import dataclass

from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import timezones

WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# Five short fields; the limit keeps a hostile expression from being parsed.
MAX_SCHEDULE_CHARACTERS = 100
EXAMPLE = "0 8 * * 1-5 (Monday to Friday at 08:00)"


@dataclass(frozen=True)
class Field:
    """One of the five fields: its name, its numbers and their names."""

    name: str
    """Name for people."""
    first: int
    """Smallest number."""
    last: int
    """Largest number."""
    names: tuple[str, ...] = ()
    """Names of the numbers from `first` on, in capitals; empty when only numbers are allowed."""


MINUTE = Field("minute", 0, 59)
HOUR = Field("hour", 0, 23)
DAY = Field("day of the month", 1, 31)
MONTH = Field("month", 1, 12, MONTHS)
WEEKDAY = Field("day of the week", 0, 6, WEEKDAYS)
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)

# Signs of other dialects, each with the way to say it here.
FOREIGN = (
    (re.compile(".*#.*"), "name the days of the month instead, e.g. 1-7 for the first week"),
    (re.compile("[0-9A-Z]*L(-[0-9]+)?"), "name the last day as a number, e.g. 28"),
    (re.compile("[0-9L]*W"), "name the days of the week instead, e.g. 1-5"),
    (re.compile("[?]"), "write * instead"),
    (re.compile(r"H(\(.*)?"), "write a number instead"),
)


@dataclass(frozen=True)
class Cron:
    """A schedule as the numbers of its fields, each in rising order."""

    minutes: tuple[int, ...]
    """0 to 59."""
    hours: tuple[int, ...]
    """0 to 23."""
    days: tuple[int, ...]
    """Days of the month, 1 to 31."""
    months: tuple[int, ...]
    """1 to 12."""
    weekdays: tuple[int, ...]
    """0 (Sunday) to 6."""
    texts: tuple[str, ...]
    """The five fields as they were written."""


def parse_schedule(schedule: str) -> Cron:
    """Read a schedule. Raises: `Invalid`, which says what to write instead."""
    if len(schedule) > MAX_SCHEDULE_CHARACTERS:
        raise Invalid(
            f"the schedule is longer than {MAX_SCHEDULE_CHARACTERS} characters; use ranges"
        )
    # Programs differ in what else separates fields, and in the capitals of other alphabets.
    words = re.findall("[^ \t]+", schedule)
    texts = tuple(word.upper() if word.isascii() else word for word in words)
    if schedule.lstrip().startswith("@"):
        raise _refusal(schedule, f"write five fields instead, e.g. {EXAMPLE}")
    if "TZ=" in schedule.upper():
        raise _refusal(schedule, "leave the time zone out; a schedule is in the project's own")
    if len(texts) != len(FIELDS):
        raise _refusal(schedule, f"it has {len(texts)} fields; write five, e.g. {EXAMPLE}")
    try:
        minutes, hours, days, months, weekdays = (
            _numbers(field, text) for field, text in zip(FIELDS, texts, strict=True)
        )
    except ValueError as error:
        raise _refusal(schedule, str(error)) from error
    if texts[2] != "*" and texts[4] != "*":
        # Cron programs disagree whether both must hold, or one of them.
        raise _refusal(
            schedule,
            "it names days of the month and days of the week; write * for one of the two",
        )
    return Cron(minutes, hours, days, months, weekdays, texts)


def check_timezone(timezone: str) -> None:
    """Check that a time zone has an IANA name. Raises: `Invalid`."""
    if timezone not in timezones():
        raise Invalid(f"{timezone!r} is no time zone; write an IANA name, e.g. Europe/Berlin")


def _refusal(schedule: str, reason: str) -> Invalid:
    return Invalid(f"schedule {schedule!r} is not a cron expression of this system: {reason}")


def _numbers(field: Field, text: str) -> tuple[int, ...]:
    """Read one field, which may be a list."""
    terms = text.split(",")
    if len(terms) > 1 and any(term.startswith("*") for term in terms):
        raise ValueError(f"the {field.name} {text!r} has * in a list; write * alone, or numbers")
    return tuple(sorted({number for term in terms for number in _term(field, term)}))


def _term(field: Field, term: str) -> range:
    """Read a number, a name, a range or `*`, with its step if there is one."""
    span, slash, step_text = term.partition("/")
    if slash and not re.fullmatch("[0-9]{1,4}", step_text):
        raise ValueError(f"the {field.name} {term!r} has no step; write e.g. */2")
    step = int(step_text) if slash else 1
    if step == 0:
        raise ValueError(f"the {field.name} {term!r} has step 0; write 1 or more")
    if span == "*":
        return range(field.first, field.last + 1, step)
    start_text, dash, end_text = span.partition("-")
    start = _number(field, start_text)
    if not dash and slash and field is WEEKDAY:
        # Here one cron program counts to 7, another to 6.
        raise ValueError(f"the {field.name} {term!r} needs an end; write {start_text}-6/{step}")
    end = _number(field, end_text) if dash else field.last if slash else start
    if end < start:
        raise ValueError(
            f"the {field.name} {span!r} runs backwards; write"
            f" {start_text}-{field.last},{field.first}-{end_text}"
        )
    return range(start, end + 1, step)


def _number(field: Field, text: str) -> int:
    if text in field.names:
        return field.first + field.names.index(text)
    if re.fullmatch("[0-9]{1,4}", text) and field.first <= int(text) <= field.last:
        return int(text)
    if field is WEEKDAY and text == "7":
        raise ValueError("the day of the week 7 is not Sunday everywhere; write 0")
    hint = next((hint for sign, hint in FOREIGN if sign.fullmatch(text)), None)
    names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
    raise ValueError(
        f"the {field.name} {text!r} is not valid; "
        + (hint or f"write {field.first} to {field.last}{names}")
    )
