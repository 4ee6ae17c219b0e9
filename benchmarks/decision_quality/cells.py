"""Write figures into the cells of tables."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Build a table whose first column names the row."""
    result = Table("", *columns, title=title, title_justify="left")
    for column in result.columns[1:]:
        column.justify = "right"
    for row in rows:
        result.add_row(*row)
    return result


def bounded(section: dict[str, Any]) -> str:
    """Write a figure with its bounds; "-" where nothing was counted."""
    if section["value"] is None:
        return "-"
    if section["low"] is None:
        return f"{section['value']:.3f}, too few for bounds"
    return f"{section['value']:.3f} [{section['low']:.3f}, {section['high']:.3f}]"


def number(value: float | None) -> str:
    """Write a figure; "-" where nothing was counted."""
    return "-" if value is None else f"{value:.3f}"


def words(name: str) -> str:
    """Write a name of the measurement in words."""
    return name.replace("0_3", "0.3").replace("_", " ")
