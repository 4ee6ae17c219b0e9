"""When a sprint ends."""

from datetime import date

from graphs.rules.base import Facts, Ruling, SprintFact


def is_over(sprint: SprintFact, today: date) -> bool:
    """Whether a sprint has no pending task, or its last day has passed."""
    return sprint.pending_tasks == 0 or sprint.end_date < today


def close_sprint(facts: Facts) -> Ruling | None:
    """Close the sprint in progress once it is over; the next one waits for the next run."""
    sprint = facts.active_sprint
    if sprint is None or not is_over(sprint, facts.today):
        return None
    why = (
        f"none of its {sprint.total_tasks} tasks is pending"
        if sprint.pending_tasks == 0
        else f"its last day {sprint.end_date.isoformat()} has passed with"
        f" {sprint.pending_tasks} of {sprint.total_tasks} tasks pending"
    )
    reason = (
        f"Sprint {sprint.sprint_id} is closed, because {why}. A new sprint is left to the next"
        " run, which sees how this one ended."
    )
    return Ruling("close_sprint", "close_sprint", reason, sprint_id=sprint.sprint_id)
