"""Meanings of the texts that rows repeat, such as statuses, types and names of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from sys import intern

from agent.importing.meaning.cell_text import flag_of
from agent.importing.meaning.kinds import kind_of
from agent.importing.meaning.people import Person, people_of
from agent.importing.meaning.priorities import is_no_priority, level_of
from agent.importing.meaning.statuses import (
    State,
    category_state,
    is_unresolved,
    plain_name,
    resolution_state,
    state_of,
)
from agent.importing.options import ImportOptions
from agent.importing.profiles.profile import Profile
from agent.importing.reading.estimate_columns import POINTS, EstimateReader
from agent.importing.tasks import Kind

_KEPT_TEXTS = 4_096


@dataclass(frozen=True, slots=True)
class Standing:
    """Meaning of the texts about the state of a task; a text that is empty means None."""

    chosen: State | None
    """Meaning of the status that a person named."""
    category: State | None
    """Category of the status, by the tracker itself."""
    status: State | None
    """Meaning of the status by its name."""
    resolution: State | None
    """Done or Dropped, by the way in which the task was closed."""
    archived: bool
    """True when the task was put away."""


class Vocabulary:
    """Meanings by the profile and the options; each is kept, so that rows share it."""

    def __init__(
        self,
        profile: Profile,
        options: ImportOptions,
        *,
        several_people: bool,
        used: set[str],
        estimates: EstimateReader = POINTS,
    ) -> None:
        """`several_people` says that a cell of the assignee is a list of people.

        `used` gathers the statuses of the options that a row has. `estimates` reads estimates.
        """
        self._profile = profile
        self._statuses = options.statuses
        self._used = used
        self._several_people = several_people
        self.standing = lru_cache(_KEPT_TEXTS)(self._standing)
        self.resolution = lru_cache(_KEPT_TEXTS)(self._resolution)
        self.kind = lru_cache(_KEPT_TEXTS)(self._kind)
        self.priority = lru_cache(_KEPT_TEXTS)(self._priority)
        self.people = lru_cache(_KEPT_TEXTS)(self._people)
        self.estimate = lru_cache(_KEPT_TEXTS)(estimates.read)

    def _standing(self, status: str, category: str, resolution: str, archived: str) -> Standing:
        return Standing(
            chosen=self._chosen(status) if status else None,
            category=self._category(category) if category else None,
            status=state_of(status, self._profile.statuses) if status else None,
            resolution=self._state_of_resolution(resolution) if resolution else None,
            archived=flag_of(archived) is True,
        )

    def _chosen(self, text: str) -> State | None:
        """Return the meaning that a person named for a status or a resolution."""
        name = plain_name(text)
        state = self._statuses.get(name)
        if state is not None:
            self._used.add(name)
        return state

    def _category(self, text: str) -> State | None:
        flag = flag_of(text)
        # Categories such as Trello's `Due Complete` are flags, which a spreadsheet translates.
        return category_state(text if flag is None else str(flag), self._profile.categories)

    def _resolution(self, text: str) -> tuple[bool, State | None]:
        """Return True for a text that says a task was closed, and Done or Dropped."""
        return bool(text) and not is_unresolved(text), self._state_of_resolution(text)

    def _state_of_resolution(self, text: str) -> State | None:
        chosen = self._chosen(text)
        if chosen in (State.DONE, State.DROPPED):
            return chosen
        return resolution_state(text, self._profile.resolutions)

    def _kind(self, type_name: str) -> tuple[Kind, str]:
        """Return the kind and the name of a type."""
        return kind_of(type_name, self._profile.types) or Kind.WORK, intern(type_name)

    def _priority(self, text: str) -> tuple[str | None, int | None]:
        """Return the name of a priority and its level; None for each that it does not tell."""
        if is_no_priority(text, self._profile.priorities):
            return None, None
        return intern(text), level_of(text, self._profile.priorities)

    def _people(self, texts: Sequence[str]) -> tuple[Person, ...]:
        """Return the people in the cells of a row, each once."""
        several = self._several_people
        if len(texts) == 1:
            return people_of(texts[0], several=several)
        people = (person for text in texts for person in people_of(text, several=several))
        return tuple({person.name: person for person in people}.values())
