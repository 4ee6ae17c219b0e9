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
    due = _first(schedule, local - SECOND, reverse=False)
    return None if due is None or (ends_on and due.date() > ends_on) else due.astimezone(UTC)


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
    return None if due is None or (ends_on and due.date() > ends_on) else due.astimezone(UTC)


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


def is_shifted(schedule: str, timezone: str, due: datetime) -> bool:
    """Tell whether a clock change moved a due time: its own local time did not exist that day.

    Kubernetes skips such a time.
    """
    try:
        cron = parse_schedule(schedule)
    except Invalid:
        return False  # a stored schedule of another dialect
    local = due.astimezone(ZoneInfo(timezone))
    return local.hour not in cron.hours or local.minute not in cron.minutes


def _first(schedule: str, start: datetime, *, reverse: bool) -> datetime | None:
    try:
        return next(CronSim(_with_fixed_times(schedule), start, reverse=reverse), None)
    except CronSimError:
        return None  # a day that no month has, such as 30 February


def _with_fixed_times(schedule: str) -> str:
    """Write the minutes and the hour of fixed hours as numbers.

    With a `*` in one of them the program drops a day whose times a clock change skips, and comes
    twice on a day that repeats them (docs/adr/0106-one-report-a-local-day.md).
    """
    try:
        cron = parse_schedule(schedule)
    except Invalid:
        return schedule  # a stored schedule of another dialect
    if cron.texts[1].startswith("*") and len(cron.hours) > 1:
        return schedule
    minutes, hours = (",".join(map(str, numbers)) for numbers in (cron.minutes, cron.hours))
    return " ".join([minutes, hours, *cron.texts[2:]])


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
            if moment != moment.astimezone(UTC).astimezone(zone):
                return (
                    f"On {day.isoformat()} there is no {written} in {zone.key}: it then runs late."
                )
            return f"On {day.isoformat()} {written} comes twice in {zone.key}: it counts once."
    return None
