"""Close a sprint whose tasks are done or whose last day has passed."""

from datetime import date

from graphs.rules.base import Facts, Ruling, SprintFact


def is_over(sprint: SprintFact, today: date) -> bool:
    """Check that a sprint has no pending task, or that its last day has passed."""
    # The last day still belongs to the sprint: work may end on it.
    return sprint.pending_tasks == 0 or sprint.end_date < today


def close_sprint(facts: Facts) -> Ruling | None:
    """Close the sprint in progress once it is over."""
    sprint = facts.active_sprint
    if sprint is None or not is_over(sprint, facts.today):
        return None
    cause = (
        f"none of its {sprint.total_tasks} tasks is pending"
        if sprint.pending_tasks == 0
        else f"its last day {sprint.end_date.isoformat()} has passed with"
        f" {sprint.pending_tasks} of {sprint.total_tasks} tasks pending"
    )
    # Unfinished tasks come back to the backlog by an event, and the outcome of this sprint is
    # evidence for the next one: both are there in the next run, not in this one.
    reason = (
        f"Sprint {sprint.sprint_id} is to be closed, because {cause}. A new sprint is left to the"
        " next run, which sees how this one ended."
    )
    return Ruling("close_sprint", "close_sprint", reason, sprint_id=sprint.sprint_id)
