"""Building blocks of the pages that commands print."""

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.importing.terminal import printable

NAME_COLUMNS = 12
# Longer lines are hard to read, however wide the terminal is.
MAX_COLUMNS = 100


def section(title: str, body: list[RenderableType]) -> list[RenderableType]:
    """Build a bold title with an indented body; nothing when the body is empty."""
    if not body:
        return []
    return [Text(title, style="bold"), *(Padding(part, (0, 0, 0, 2)) for part in body)]


def plain_text(text: str) -> Text:
    """Build a text of other people letter by letter, without markup and terminal codes."""
    # Text, not str: Rich would read "[ui]" in a title as markup and drop it.
    return Text("\n".join(printable(line) for line in text.splitlines()))


def name_value_rows(rows: Iterable[tuple[str, str]]) -> Table:
    """Build a table of names and values, one pair a row."""
    table = Table.grid(padding=(0, 2))
    # Tables of one page stand in line with each other.
    table.add_column(min_width=NAME_COLUMNS)
    table.add_column()
    for name, value in rows:
        table.add_row(Text(name, style="dim"), plain_text(value))
    return table


def page_console() -> Console:
    """Open a console for a page of text and tables, at most MAX_COLUMNS wide."""
    console = Console(highlight=False)
    console.width = min(console.width, MAX_COLUMNS)
    return console
