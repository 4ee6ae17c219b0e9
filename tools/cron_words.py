"""Cron schedules in plain words."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from domain_services.kernel.errors import Invalid
from tools.cron_dialect import Cron, parse_schedule

DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# More times than these are described by their rhythm.
MAX_TIMES = 6
# A week for people begins on Monday.
WEEK = (1, 2, 3, 4, 5, 6, 0)


def describe_schedule(schedule: str, timezone: str) -> str:
    """Say when a schedule runs: "Monday to Friday at 08:00, Europe/Berlin".

    A stored schedule of another cron dialect is quoted as it is.
    """
    try:
        cron = parse_schedule(schedule)
    except Invalid:
        return f"at '{schedule}', {timezone}"
    return f"{_days(cron)} {_times(cron)}, {timezone}"


def _days(cron: Cron) -> str:
    months = _names(cron.months, range(1, 13), lambda month: MONTH_NAMES[month - 1])
    in_months = "" if len(cron.months) == 12 else f" in {months}"
    if len(cron.days) < 31:
        days = _names(cron.days, range(1, 32), str)
        if len(cron.days) == len(cron.months) == 1:
            return f"Each year on {days} {months}"
        plural = "s" if len(cron.days) > 1 else ""
        return f"On day{plural} {days} of {months if in_months else 'each month'}"
    if len(cron.weekdays) == 7:
        return f"Every day{in_months}"
    weekdays = _names(cron.weekdays, WEEK, lambda day: DAY_NAMES[day])
    return f"{'Every ' if len(cron.weekdays) == 1 else ''}{weekdays}{in_months}"


def _times(cron: Cron) -> str:
    times = [f"{hour:02}:{minute:02}" for hour in cron.hours for minute in cron.minutes]
    if len(times) <= MAX_TIMES:
        return f"at {_listed(times)}"
    if len(cron.hours) == 24:
        return _minutes(cron)
    if len(cron.minutes) == 1 and (step := _step(cron.hours)):
        first, last = times[0], times[-1]
        return f"every {_counted(step, 'hour')} from {first} to {last}"
    if _step(cron.hours) == 1:
        return f"{_minutes(cron)} from {times[0]} to {times[-1]}"
    return f"{_minutes(cron)} in the hours {_listed([str(hour) for hour in cron.hours])}"


def _minutes(cron: Cron) -> str:
    step = _step(cron.minutes)
    if step and cron.minutes[0] == 0 and 60 % step == 0 and cron.minutes[-1] == 60 - step:
        return f"every {_counted(step, 'minute')}"
    plural = "s" if len(cron.minutes) > 1 else ""
    return f"every hour at minute{plural} {_listed([str(minute) for minute in cron.minutes])}"


def _counted(number: int, unit: str) -> str:
    return unit if number == 1 else f"{number} {unit}s"


def _step(numbers: Sequence[int]) -> int | None:
    """Return the distance of evenly spread numbers; None for others."""
    distances = {after - before for before, after in pairwise(numbers)}
    return distances.pop() if len(distances) == 1 else None


def _names(numbers: Sequence[int], order: Sequence[int], name: Callable[[int], str]) -> str:
    """Name numbers in `order`; neighbours of three or more as a range."""
    places = [order.index(number) for number in order if number in numbers]
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    parts: list[str] = []
    for run in runs:
        labels = [name(order[place]) for place in run]
        parts += [f"{labels[0]} to {labels[-1]}"] if len(labels) > 2 else labels
    return _listed(parts)


def _listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
