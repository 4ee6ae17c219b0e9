"""Statuses of trackers as one of four states: To do, Doing, Done or Dropped."""

from enum import StrEnum
from functools import lru_cache


class State(StrEnum):
    """State of a task."""

    TO_DO = "To do"
    DOING = "Doing"
    DONE = "Done"
    DROPPED = "Dropped"
    """Closed without work: neither backlog nor velocity."""


_NAMES: dict[State, tuple[str, ...]] = {
    State.TO_DO: (
        "to do",
        "todo",
        "open",
        "new",
        "backlog",
        "reopened",
        "ready",
        "planned",
        "selected for development",
        "ready for development",
    ),
    State.DOING: (
        "doing",
        "in progress",
        "in development",
        "in review",
        "code review",
        "review",
        "in testing",
        "testing",
        "in test",
        "qa",
        "blocked",
        "started",
    ),
    State.DONE: (
        "done",
        "closed",
        "resolved",
        "completed",
        "complete",
        "finished",
        "fixed",
        "merged",
        "released",
        # Nobody will work on it any more, so it is no open backlog.
        "cancelled",
        "canceled",
        "won't do",
        "won't fix",
    ),
}
_STATES = {name: state for state, names in _NAMES.items() for name in names}


@lru_cache(maxsize=1024)
def state_of(status: str) -> State | None:
    """Return the state that a status means; None when its name is not known."""
    normalised = " ".join(status.replace("_", " ").replace("-", " ").split())
    # "Won't do": some trackers write the typographic apostrophe.
    return _STATES.get(normalised.replace("\u2019", "'").casefold())
