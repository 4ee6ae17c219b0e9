"""Kinds of tasks by the names of their types."""

from collections.abc import Mapping

from agent.importing.meaning.status_names import CONTAINERS, FEATURES, PARTS, STORIES, names_in
from agent.importing.meaning.statuses import plain_name
from agent.importing.tasks import Kind

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(names_in(CONTAINERS), Kind.CONTAINER),
    **dict.fromkeys(names_in(PARTS), Kind.PART),
}
# A container in Azure Boards, a piece of work in other trackers: its children tell.
_UNDECIDED = frozenset(names_in(FEATURES))
_STORIES = frozenset(names_in(STORIES))
# Of a tracker whose features are the work itself, as Bugs are; their children are steps.
FEATURES_ARE_WORK: Mapping[str, Kind] = dict.fromkeys(sorted(_UNDECIDED), Kind.WORK)


def kind_of(type_name: str, own: Mapping[str, Kind] | None = None) -> Kind | None:
    """Return the kind that a type names; None when the name does not tell, as of a `Feature`.

    `own` are types of the tracker, which go before the common names.
    """
    name = plain_name(type_name)
    kind = own.get(name) if own else None
    if kind is None and name in _UNDECIDED:
        return None
    return kind or _KINDS.get(name)


def is_undecided(type_name: str) -> bool:
    """Return True for a type that is a container where it has children, and work elsewhere."""
    return plain_name(type_name) in _UNDECIDED


def is_story(type_name: str) -> bool:
    """Return True for a type of work that is never a step of other work, such as `User story`."""
    return plain_name(type_name) in _STORIES
