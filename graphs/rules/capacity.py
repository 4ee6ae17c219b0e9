"""How much fits into a sprint, and who is there to do it."""

from graphs.rules.base import Facts
from graphs.thresholds import NAMED_DAYS_OFF, RULE_TASKS


def planned_tasks(facts: Facts) -> int:
    """Tasks of a new sprint: the unassigned ones up to the limit, the caller's or RULE_TASKS."""
    limit = RULE_TASKS if facts.options.max_tasks is None else facts.options.max_tasks
    return min(len(facts.unassigned), limit)


def wants_sprint(facts: Facts) -> bool:
    """Whether a sprint is asked for, none is in progress and at least one task would be in it."""
    asked = facts.options.create_sprint_if_needed and facts.active_sprint is None
    return asked and planned_tasks(facts) > 0


def describe_capacity(facts: Facts) -> str:
    """One sentence: team size and its working days in the window, or that no team is known."""
    if not facts.team_size:
        known = "No team is known"
        if facts.working_days is not None:
            known += f", the window has {_count(facts.working_days, 'working day')}"
    elif facts.team_working_days is None:
        known = f"The team has {_people(facts.team_size)}, its working days are not known"
    else:
        days = _count(facts.team_working_days, "working day")
        known = f"The team has {_people(facts.team_size)} with {days} in the window"
    return f"{known}{_off(facts)}."


def describe_days_off(facts: Facts) -> str:
    """Holidays and leave in the window, the first NAMED_DAYS_OFF by name; empty without any."""
    named = ", ".join(facts.days_off[:NAMED_DAYS_OFF])
    more = len(facts.days_off) - NAMED_DAYS_OFF
    return f"{named} and {more} more" if more > 0 else named


def _off(facts: Facts) -> str:
    return f"; off: {describe_days_off(facts)}" if facts.days_off else ""


def _people(size: int) -> str:
    return "1 person" if size == 1 else f"{size} people"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
