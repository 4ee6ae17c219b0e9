"""The board that is read: found by name or id, with its filter, columns and estimation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.jira.offset_pages import read_values
from agent.importing.sources.jira.site import Site
from agent.importing.sources.shapes import as_object, object_in, objects_in, text_in
from domain_services.kernel.words import listed

_AGILE = "/rest/agile/1.0/board"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Board:
    """One board."""

    id: str
    """Id."""
    name: str
    """Name."""
    filter: str
    """Id of the filter that tells its issues; "" when Jira does not say."""
    estimate: str
    """Id of the field of its estimates; "" without one."""
    rank: str
    """Number of the custom field of its order; "" when Jira does not say."""
    statuses: tuple[str, ...]
    """Ids of the statuses in its columns, from left to right."""


def find_board(site: Site, name_or_id: str) -> Board:
    """Find a board by its id, else by its name.

    Raises: `SourceRefused`, with the boards that the token can see, when there is not just one.
    """
    if not name_or_id:
        raise SourceRefused(f"Name a board with --board. {_listing(site)}")
    board = _by_id(site, name_or_id) or _by_name(site, name_or_id)
    path = f"{_AGILE}/{text_in(board, 'id')}/configuration"
    configuration = as_object(site.client.get(path).json, path)
    columns = objects_in(object_in(configuration, "columnConfig"), "columns")
    return Board(
        id=text_in(board, "id"),
        name=text_in(board, "name"),
        filter=text_in(object_in(configuration, "filter"), "id"),
        estimate=text_in(object_in(object_in(configuration, "estimation"), "field"), "fieldId"),
        rank=text_in(object_in(configuration, "ranking"), "rankCustomFieldId"),
        statuses=tuple(
            text_in(status, "id") for column in columns for status in objects_in(column, "statuses")
        ),
    )


def _by_id(site: Site, board_id: str) -> Mapping[str, Any] | None:
    if not (board_id.isascii() and board_id.isdigit()):
        return None
    try:
        return as_object(site.client.get(f"{_AGILE}/{board_id}").json, _AGILE)
    except SourceRefused as error:
        if error.answer_status != 404:
            raise
        return None


def _by_name(site: Site, name: str) -> Mapping[str, Any]:
    boards = read_values(site.client, f"{_AGILE}?name={quote(name, safe='')}", "boards")
    # Jira finds names that contain the text, in any case.
    same = [board for board in boards if text_in(board, "name") == name]
    alike = [board for board in boards if text_in(board, "name").casefold() == name.casefold()]
    for group in (same, alike, boards):
        if len(group) == 1:
            return group[0]
    if boards:
        raise SourceRefused(
            f"{len(boards)} boards are named like {name!r}; give the id of one: "
            f"{_names(same or boards)}."
        )
    raise SourceRefused(f"No board is named {name!r}. {_listing(site)}")


def _listing(site: Site) -> str:
    boards = read_values(site.client, _AGILE, "boards")
    if not boards:
        return "The token can see no board: its account needs access to Jira Software."
    return f"The boards are {_names(boards)}."


def _names(boards: list[Mapping[str, Any]]) -> str:
    names = [f"{text_in(board, 'id')} ({text_in(board, 'name')})" for board in boards]
    return listed(names, _SHOWN)
