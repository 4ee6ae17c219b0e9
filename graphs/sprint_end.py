"""Last day that a sprint lasted."""

from datetime import date
from zoneinfo import ZoneInfo

from domain_services.sprint.schema import SprintSummary


def ended_on(sprint: SprintSummary, timezone: str) -> date:
    """Return the last day of a sprint, or the day of its close when that was earlier."""
    if sprint.closed_at is None:
        return sprint.end_date
    return min(sprint.end_date, sprint.closed_at.astimezone(ZoneInfo(timezone)).date())
