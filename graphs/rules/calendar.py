"""Who can work in the window of a new sprint."""

from graphs.rules.base import Facts, Ruling
from graphs.rules.capacity import describe_days_off, wants_sprint


def nobody_works(facts: Facts) -> bool:
    """Whether there is a team and it has no working day; False when either is not known."""
    return bool(facts.team_size) and facts.team_working_days == 0


def block_absent_team(facts: Facts) -> Ruling | None:
    """A sprint that is wanted is blocked when nobody of the team can work on any of its days."""
    if not (wants_sprint(facts) and nobody_works(facts)):
        return None
    reason = (
        f"No sprint is created, because nobody of the team of {facts.team_size} can work in the"
        f" window of {facts.options.sprint_duration_weeks} week(s) from {facts.today.isoformat()}:"
        f" {describe_days_off(facts) or 'it has no working day'}."
    )
    return Ruling("block_absent_team", "blocked", reason)
