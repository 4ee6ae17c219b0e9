"""Block a sprint in whose window nobody of the team can work."""

from graphs.rules.base import Facts, Ruling
from graphs.rules.capacity import describe_days_off, sprint_is_due


def team_is_absent(facts: Facts) -> bool:
    """Check that nobody can work in the window; False when that is not known."""
    # An unknown team alone must not block: most imported projects have none.
    has_left = bool(facts.team_size) and facts.team_working_days == 0
    return has_left or facts.working_days == 0


def block_absent_team(facts: Facts) -> Ruling | None:
    """Block a sprint that is due when nobody of the team can work on any of its days."""
    if not (sprint_is_due(facts) and team_is_absent(facts)):
        return None
    start = facts.sprint_start.isoformat()
    reason = (
        f"No sprint is created, because nobody{_of_the_team(facts)} can work in the window of"
        f" {facts.options.sprint_duration_weeks} week(s) from {start}:"
        f" {describe_days_off(facts) or 'it has no working day'}."
    )
    return Ruling("block_absent_team", "blocked", reason)


def _of_the_team(facts: Facts) -> str:
    return f" of the team of {facts.team_size}" if facts.team_size else ""
