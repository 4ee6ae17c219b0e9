"""Kinds of tasks by the names of their types."""

from collections.abc import Mapping

from agent.importing.meaning.status_names import CONTAINERS, FEATURES, PARTS, names_in
from agent.importing.meaning.statuses import plain_name
from agent.importing.tasks import Kind

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(names_in(CONTAINERS), Kind.CONTAINER),
    **dict.fromkeys(names_in(PARTS), Kind.PART),
}
# A container in Azure Boards, a piece of work in other trackers: its children tell.
_UNDECIDED = frozenset(names_in(FEATURES))


def kind_of(type_name: str, own: Mapping[str, Kind] | None = None) -> Kind | None:
    """Return the kind that a type names; None when the name does not tell, as of a `Feature`.

    `own` are types of the tracker, which go before the common names.
    """
    name = plain_name(type_name)
    if name in _UNDECIDED:
        return None
    kind = own.get(name) if own else None
    return kind or _KINDS.get(name)


def is_undecided(type_name: str) -> bool:
    """Return True for a type that is a container where it has children, and work elsewhere."""
    return plain_name(type_name) in _UNDECIDED
