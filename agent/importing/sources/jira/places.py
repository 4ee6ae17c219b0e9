"""Order of all issues of a board, by their keys alone."""

from agent.importing.sources.jira.boards import Board
from agent.importing.sources.jira.field_ids import FieldIds
from agent.importing.sources.jira.issues import IssueQuery, read_issues
from agent.importing.sources.jira.offset_pages import Item
from agent.importing.sources.jira.site import Site
from agent.importing.sources.shapes import object_in, text_in


def read_places(site: Site, board: Board, fields: FieldIds, query: str) -> dict[str, str]:
    """Return the rank of every issue on a board by its key, "" for none.

    Another place in the backlog is no change of an issue. Raises: `SourceRefused`,
    `SourceUnavailable`.
    """
    ranks: dict[str, str] = {}

    def take(issue: Item) -> None:
        values = object_in(issue, "fields")
        texts = (text_in(values, name) for name in fields.rank)
        ranks[text_in(issue, "key")] = next(filter(None, texts), "")

    read_issues(site, board, IssueQuery.of_ranks(fields, query), take)
    if fields.rank and not all(ranks.values()):
        # As `RowMaker` does: Jira Cloud keeps the text to itself, and gives them in its order.
        return {key: str(place) for place, key in enumerate(ranks, start=1)}
    return ranks
