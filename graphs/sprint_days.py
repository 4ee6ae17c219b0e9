"""Days of sprints: the last one of a past sprint, and the first one of the next."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from domain_services.project.client import ProjectClient
from domain_services.project.schema import Availability
from domain_services.sprint.schema import SprintSummary


def ended_on(sprint: SprintSummary, timezone: str) -> date:
    """Return the last day of a sprint, or the day of its close when that was earlier."""
    if sprint.ended_on is not None:
        return sprint.ended_on
    if sprint.closed_at is None:
        return sprint.end_date
    return min(sprint.end_date, sprint.closed_at.astimezone(ZoneInfo(timezone)).date())


async def sprint_window(
    client: ProjectClient, window: Availability, newest: SprintSummary | None, days: int
) -> Availability:
    """Return the capacity of the sprint that would begin now, of `days` days.

    `window` is that from today on. It is the answer unless the sprint begins on a later day, and
    while a sprint is in progress.
    """
    if newest is not None and newest.status == "in_progress":
        return window
    start = first_day(window, newest)
    if start == window.start_date:
        return window
    return await client.check_availability(
        window.project_id, start, start + timedelta(days=days - 1)
    )


def first_day(window: Availability, last: SprintSummary | None) -> date:
    """Find the first working day, from today on, after the end of the last sprint.

    Without a working day in the window it is the first day after the last sprint.
    """
    earliest = window.today
    if last is not None and last.status != "cancelled":
        # A sprint of a held project may have been closed before its last day.
        end = min(ended_on(last, window.timezone), window.today)
        earliest = max(earliest, end + timedelta(days=1))
    return next((day for day in window.work_days if day >= earliest), earliest)
