"""Sentences about a move of the clock."""

from collections.abc import Sequence

from agent.clock.schema import ClosedByClock, ScrumOfDay
from domain_services.project.schema import Project


def describe(
    before: Project,
    after: Project,
    daily_scrums: Sequence[ScrumOfDay],
    closed_sprint: ClosedByClock | None,
) -> str:
    """Describe a move for people."""
    sentences = [_day(before, after)]
    if daily_scrums:
        sentences.append(_scrums(daily_scrums))
    if closed_sprint is not None:
        sentences.append(describe_close(closed_sprint))
    return " ".join(sentences)


def _day(before: Project, after: Project) -> str:
    if before.clock == "live":
        return f"{after.id} follows the clock already: it is {after.today}."
    if after.clock == "live":
        return f"{after.id} was held at {before.today}; it follows the clock now: {after.today}."
    if before.today == after.today:
        return f"{after.id} stays at {after.today} and is held there."
    return f"{after.id} moved from {before.today} to {after.today} and is held there."


def _scrums(daily_scrums: Sequence[ScrumOfDay]) -> str:
    first, last = daily_scrums[0].day, daily_scrums[-1].day
    if len(daily_scrums) == 1:
        return f"The daily scrum of {first} was held."
    return f"{len(daily_scrums)} daily scrums were held, from {first} to {last}."


def describe_close(sprint: ClosedByClock) -> str:
    """Describe the close of a sprint whose last day has passed."""
    return (
        f"Sprint {sprint.sprint_id} was closed after its last day {sprint.last_day}:"
        f" {sprint.completed_tasks} completed, {sprint.returned_tasks} returned to the backlog."
    )
