"""Block a new sprint of a project that is not active."""

from graphs.rules.base import Facts, Ruling


def waits_for_project(facts: Facts) -> bool:
    """Check that a new sprint is asked for, none is in progress and the project is not active."""
    options = facts.options
    requested = options.create_sprint_if_needed and options.assign_tasks
    possible = requested and facts.active_sprint is None
    return possible and facts.project_status != "active"


def block_inactive_project(facts: Facts) -> Ruling | None:
    """Block a sprint of a project that is not active, whatever its backlog."""
    if not waits_for_project(facts):
        return None
    reason = (
        f"{facts.project_id} is {facts.project_status}, so that no sprint is created."
        " Mark it active to plan one."
    )
    return Ruling("block_inactive_project", "blocked", reason)
