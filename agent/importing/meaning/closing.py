"""Outcome of a task: which of several facts decides whether and when it was finished or dropped."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from agent.importing.meaning.statuses import State

Source = Literal["finished", "dropped", "status_changed", "transitions"]


# Not frozen: freezing costs a tenth of the reading of a row.
@dataclass(slots=True)
class Facts:
    """Facts of a row about the end of its task; a fact that the row lacks is None."""

    chosen: State | None = None
    """Meaning of the status that a person named."""
    category: State | None = None
    """Category of the status, by the tracker itself."""
    status: State | None = None
    """Meaning of the status by its name."""
    resolution: State | None = None
    """Done or Dropped, by the way in which the task was closed."""
    finished: date | None = None
    """Day in a column of finish days."""
    dropped: date | None = None
    """Day in a column of tasks that were closed without work."""
    changed: date | None = None
    """Day on which the category of the status changed last."""
    entered: date | None = None
    """Day on which the task came into its present state, by the history of its status."""
    archived: bool = False
    """True when the task was put away."""
    keeps_finish: bool = False
    """True when the tracker keeps the finish day of a task that was opened again."""


@dataclass(slots=True)
class Closing:
    """Outcome of a task."""

    state: State | None
    """State; None when nothing tells it."""
    day: date | None = None
    """Day on which the task was finished or dropped; None: it is open, or the day is not known."""
    source: Source | None = None
    """Field that the day comes from; None without a day."""
    contradiction: Literal["open", "closed"] | None = None
    """Present when the status says open and a day says closed; the word is how it was read."""


def settle(facts: Facts) -> Closing:
    """Decide the outcome of a task.

    The status decides whether a task is closed, and the days only when. A status that is open by
    its mere name is overruled by a finish day.
    """
    # docs/adr/0159-status-before-finish.md
    state = facts.chosen or facts.category or facts.status
    if state is State.DONE and facts.chosen is None and facts.status is State.DROPPED:
        state = State.DROPPED
    closed_by_day = _state_of_days(facts)
    if facts.archived and closed_by_day is None and state is not State.DONE:
        state = State.DROPPED
    if state in (State.TO_DO, State.DOING):
        if closed_by_day is None:
            return Closing(state)
        if facts.chosen or facts.category or facts.keeps_finish:
            return Closing(state, contradiction="open")
        closing = _closed(closed_by_day, facts)
        return Closing(closing.state, closing.day, closing.source, "closed")
    state = state or closed_by_day or facts.resolution
    return Closing(None) if state is None else _closed(state, facts)


def _state_of_days(facts: Facts) -> State | None:
    if facts.finished:
        return State.DONE
    return State.DROPPED if facts.dropped else None


def _closed(state: State, facts: Facts) -> Closing:
    # A task that was closed as a duplicate is done for the board, and not for the velocity.
    if facts.resolution is State.DROPPED:
        state = State.DROPPED
    if state is State.DROPPED and facts.dropped is not None:
        return Closing(state, facts.dropped, "dropped")
    if facts.finished is not None:
        return Closing(state, facts.finished, "finished")
    if facts.entered is not None:
        return Closing(state, facts.entered, "transitions")
    # A change into another category is no finish.
    if facts.changed is not None and facts.category in (None, State.DONE, State.DROPPED):
        return Closing(state, facts.changed, "status_changed")
    return Closing(state)
