"""Days of a move: those with a daily scrum, and the first one of the next sprint."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.clock.refusals import NoWorkingDay
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Project
from domain_services.sprint.schema import SprintSummary
from graphs.sprint_days import ended_on
from tools.cron_times import next_due
from tools.cronjobs import CronJob

# Without a sprint, the length of the usual one.
DEFAULT_CADENCE_DAYS = 14
# A longer time without a working day is an error in the project's calendar.
SEARCHED_DAYS = 60


def scrum_days(jobs: Iterable[CronJob], timezone: str, first: date, last: date) -> list[date]:
    """List the days from `first` to `last` on which a schedule fires in the project's zone."""
    return sorted({day for job in jobs for day in _days_of(job, timezone, first, last)})


def _days_of(job: CronJob, timezone: str, first: date, last: date) -> Iterator[date]:
    zone, day = ZoneInfo(timezone), first
    while day <= last:
        # It begins again on each day, as a schedule may fire every minute.
        midnight = datetime.combine(day, time.min, tzinfo=zone)
        moment = next_due(job.schedule, timezone, midnight, last)
        if moment is None:
            return
        day = moment.astimezone(zone).date()
        yield day
        day += timedelta(days=1)


async def next_sprint_day(
    client: ProjectClient, project: Project, sprint: SprintSummary | None
) -> date:
    """Find the first working day after the newest sprint, or after its cadence when that is past.

    Raises: `NoWorkingDay`.
    """
    today = project.today
    if sprint is not None:
        end = ended_on(sprint, project.timezone)
        day = await _first_working_day(client, project.id, max(end + timedelta(days=1), today))
        if sprint.status == "in_progress" or day > today:
            return day
    days = DEFAULT_CADENCE_DAYS if sprint is None else 7 * sprint.duration_weeks
    return await _first_working_day(client, project.id, today + timedelta(days=days))


async def _first_working_day(client: ProjectClient, project_id: str, first: date) -> date:
    last = first + timedelta(days=SEARCHED_DAYS - 1)
    window = await client.check_availability(project_id, first, last)
    if not window.work_days:
        raise NoWorkingDay(
            f"the calendar of {project_id} has no working day from {first} to {last}:"
            " correct it, or name a day",
            project_id=project_id,
        )
    return window.work_days[0]
