"""Statuses of trackers as one of four states: To do, Doing, Done or Dropped."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from agent.importing.meaning import status_names
from agent.importing.profiles.names import normalised


class State(StrEnum):
    """State of a task."""

    TO_DO = "To do"
    DOING = "Doing"
    DONE = "Done"
    DROPPED = "Dropped"
    """Closed without work: neither backlog nor velocity."""


@lru_cache(maxsize=4096)
def plain_name(text: str) -> str:
    """Bring a status, type or resolution to the spelling of the profiles' names."""
    # "Won't do": some trackers write the typographic apostrophe.
    return normalised(text.replace("\u2019", "'"))


def _names(listing: str, state: State) -> dict[str, State]:
    return {plain_name(name): state for name in status_names.names_in(listing)}


_STATES = (
    _names(status_names.DROPPED, State.DROPPED)
    | _names(status_names.DONE, State.DONE)
    | _names(status_names.DOING, State.DOING)
    | _names(status_names.TO_DO, State.TO_DO)
)
_RESOLUTIONS = (
    _names(status_names.DONE, State.DONE)
    | _names(status_names.DONE_RESOLUTIONS, State.DONE)
    | _names(status_names.DROPPED, State.DROPPED)
    | _names(status_names.DROPPED_RESOLUTIONS, State.DROPPED)
)

_UNRESOLVED = frozenset(map(plain_name, status_names.names_in(status_names.UNRESOLVED)))


def state_of(status: str, *named: Mapping[str, State]) -> State | None:
    """Return the state that a status means; None when its name is not known.

    `named` are the states by the plain names of statuses that a person or a tracker gave, the first
    ones before the later ones, and all before the common names.
    """
    name = plain_name(status)
    for states in named:
        if (state := states.get(name)) is not None:
            return state
    return _STATES.get(name)


def category_state(category: str, own: Mapping[str, State] | None = None) -> State | None:
    """Return the state of a category, which a tracker puts its own statuses in; None: unknown.

    `own` are categories of the tracker, which go before the common names.
    """
    return state_of(category, own or {})


def resolution_state(resolution: str, own: Mapping[str, State] | None = None) -> State | None:
    """Return Done or Dropped for the way in which a task was closed; None when it says nothing.

    `own` are resolutions of the tracker, which go before the common names.
    """
    name = plain_name(resolution)
    state = own.get(name) if own else None
    return state or _RESOLUTIONS.get(name)


def is_unresolved(resolution: str) -> bool:
    """Return True for a resolution that says that there is none, such as `Unresolved`."""
    return plain_name(resolution) in _UNRESOLVED
