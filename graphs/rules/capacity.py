"""Size a sprint by the rule, and describe the team's capacity."""

from graphs.rules.base import Facts
from graphs.thresholds import NAMED_DAYS_OFF


def planned_tasks(facts: Facts) -> int:
    """Count the tasks of a new sprint: the team's own pace, within what can be planned."""
    # The caller's limit never raises the plan (docs/adr/0115-own-pace.md).
    limits = (facts.pace_tasks, len(facts.plannable), facts.options.max_tasks)
    return min(limit for limit in limits if limit is not None)


def sprint_is_due(facts: Facts) -> bool:
    """Check that a sprint may be created, none is in progress and it would have a task."""
    options = facts.options
    # A sprint always gets tasks: one without them is not created.
    requested = options.create_sprint_if_needed and options.assign_tasks
    possible = requested and facts.active_sprint is None and facts.project_status == "active"
    return possible and planned_tasks(facts) > 0


def describe_capacity(facts: Facts) -> str:
    """Describe team size and its working days in the window in one sentence."""
    if not facts.team_size:
        capacity = "No team is known"
        if facts.working_days is not None:
            capacity += f", the window has {_count(facts.working_days, 'working day')}"
    elif facts.team_working_days is None:
        capacity = f"The team has {_people(facts.team_size)}, its working days are not known"
    else:
        days = _count(facts.team_working_days, "working day")
        capacity = f"The team has {_people(facts.team_size)} with {days} in the window"
    return f"{capacity}{_off(facts)}."


def describe_days_off(facts: Facts) -> str:
    """List holidays and leave in the window, the first NAMED_DAYS_OFF by name."""
    named = ", ".join(facts.days_off[:NAMED_DAYS_OFF])
    more = len(facts.days_off) - NAMED_DAYS_OFF
    return f"{named} and {more} more" if more > 0 else named


def _off(facts: Facts) -> str:
    return f"; off: {describe_days_off(facts)}" if facts.days_off else ""


def _people(size: int) -> str:
    return "1 person" if size == 1 else f"{size} people"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
