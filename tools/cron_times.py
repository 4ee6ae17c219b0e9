"""Times at which a cron schedule is due, and the reasons why it may never be."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from domain_services.kernel.errors import Invalid
from tools.cron_dialect import Cron, parse_schedule
from tools.cron_words import describe_schedule

# One year holds both clock changes of a zone.
DAYS_OF_A_YEAR = 366
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def next_due(
    schedule: str,
    timezone: str,
    after: datetime,
    ends_on: date | None = None,
    starts_on: date | None = None,
) -> datetime | None:
    """Return the first due time from `after` on in UTC; None without one up to `ends_on`.

    None of a day before `starts_on` is returned.
    """
    zone = ZoneInfo(timezone)
    local = after.astimezone(zone)
    if starts_on is not None:
        local = max(local, datetime.combine(starts_on, time(), tzinfo=zone))
    return _up_to(ends_on, _first(schedule, local - SECOND))


def previous_due(
    schedule: str, timezone: str, until: datetime, ends_on: date | None = None
) -> datetime | None:
    """Return the newest due time up to `until` in UTC that is not after `ends_on`; or None."""
    zone = ZoneInfo(timezone)
    local = until.astimezone(zone)
    if ends_on is not None:
        local = min(local, datetime.combine(ends_on, time.max, tzinfo=zone))
    # The start is exclusive: a second later includes the present moment.
    due = _first(schedule, local + SECOND, reverse=True)
    # A time that was moved to before a gap is not found backwards in the minute before the gap.
    following = due and _first(schedule, due)
    if following and following.astimezone(UTC) <= local.astimezone(UTC):
        due = following
    return _up_to(ends_on, due)


def explain_never(
    schedule: str,
    timezone: str,
    after: datetime,
    ends_on: date | None = None,
    starts_on: date | None = None,
) -> str | None:
    """Say why a schedule is not due any more; None when it is."""
    if next_due(schedule, timezone, after, ends_on, starts_on) is not None:
        return None
    words = describe_schedule(schedule, timezone)
    if ends_on is None or next_due(schedule, timezone, after) is None:
        return f"no day matches its schedule ({words})"
    return f"its schedule ({words}) does not come any more up to {ends_on.isoformat()}"


def clock_change_warning(schedule: str, timezone: str, today: date) -> str | None:
    """Warn of a time that a clock change of the coming year skips or repeats; None without one."""
    cron, zone = parse_schedule(schedule), ZoneInfo(timezone)
    if cron.texts[1].startswith("*"):
        return None  # it runs each hour of that day anyway
    for days in range(DAYS_OF_A_YEAR):
        day = today + timedelta(days=days)
        start, end = (
            datetime.combine(midnight, time(), tzinfo=zone).utcoffset()
            for midnight in (day, day + timedelta(days=1))
        )
        if start != end and _matches(cron, day) and (warning := _warning(cron, zone, day)):
            return warning
    return None


def may_be_skipped(schedule: str, timezone: str, due: datetime) -> bool:
    """Tell whether Kubernetes may skip a due time, because the clock changed in the day before it.

    It skips a time that does not exist. It also steps by whole hours and days over a change: it
    misses the first days after a change by half an hour, or at midnight.
    """
    try:
        cron = parse_schedule(schedule)
    except Invalid:
        return False  # a stored schedule of another dialect
    local = due.astimezone(ZoneInfo(timezone))
    if local.hour not in cron.hours or local.minute not in cron.minutes:
        return True  # its own time does not exist that day
    yesterday = datetime.combine(local.date() - DAY, local.time(), tzinfo=local.tzinfo)
    return due - yesterday != DAY


def _up_to(ends_on: date | None, due: datetime | None) -> datetime | None:
    """Return a local due time in UTC; None after the last day."""
    return None if due is None or (ends_on and due.date() > ends_on) else due.astimezone(UTC)


def _first(schedule: str, start: datetime, *, reverse: bool = False) -> datetime | None:
    """Return the first due time after `start`, or before it in `reverse`, where `start` is."""
    try:
        for moment in CronSim(_in_numbers(schedule), start, reverse=reverse):
            due = _on_its_day(schedule, moment)
            if reverse or due.astimezone(UTC) > start.astimezone(UTC):
                return due
    except CronSimError:
        pass  # a day that no month has, such as 30 February
    return None


def _on_its_day(schedule: str, moment: datetime) -> datetime:
    """Return a moment that a gap over midnight moved to the next day in the minute before it."""
    if moment.hour or moment.minute or _has_midnight(schedule):
        return moment
    return (moment.astimezone(UTC) - MINUTE).astimezone(moment.tzinfo)


def _has_midnight(schedule: str) -> bool:
    try:
        cron = parse_schedule(schedule)
    except Invalid:
        return True  # a stored schedule of another dialect
    return 0 in cron.hours and 0 in cron.minutes


def _in_numbers(schedule: str) -> str:
    """Write a schedule in numbers and `*`.

    The program reads `10-10/2` as `10-31/2`. With a `*` in the minutes or the hour it drops a day
    whose times a clock change skips, and comes twice on a day that repeats them
    (docs/adr/0106-one-report-a-local-day.md): only an hour of many keeps it.
    """
    try:
        cron = parse_schedule(schedule)
    except Invalid:
        return schedule  # a stored schedule of another dialect
    _, hour, *days = cron.texts
    fields = (cron.minutes, cron.hours, cron.days, cron.months, cron.weekdays)
    numbers = [",".join(map(str, field)) for field in fields]
    numbers[2:] = [
        text if text == "*" else number for text, number in zip(days, numbers[2:], strict=True)
    ]
    if hour.startswith("*") and len(cron.hours) > 1:
        numbers[1] = hour
    return " ".join(numbers)


def _matches(cron: Cron, day: date) -> bool:
    weekday = day.isoweekday() % 7
    return day.month in cron.months and day.day in cron.days and weekday in cron.weekdays


def _warning(cron: Cron, zone: ZoneInfo, day: date) -> str | None:
    for hour in cron.hours:
        for minute in cron.minutes:
            moment = datetime.combine(day, time(hour, minute), tzinfo=zone)
            if moment.utcoffset() == moment.replace(fold=1).utcoffset():
                continue
            written = f"{hour:02}:{minute:02}"
            moved = moment.astimezone(UTC).astimezone(zone)
            if moment != moved:
                late = "late" if moved.date() == day else "early"
                return (
                    f"On {day.isoformat()} there is no {written} in {zone.key}: it then runs"
                    f" {late}."
                )
            return f"On {day.isoformat()} {written} comes twice in {zone.key}: it counts once."
    return None
