"""Rows below a header, as a file of any kind holds them."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

from agent.importing.notices import Notice
from agent.importing.tables.record import Record
from agent.importing.tables.structure import Structure


class RecordSource(Protocol):
    """Records that can be read as often as needed."""

    def records(self) -> Generator[Record, None, None]:
        """Stream every record that is not blank, the header first."""
        ...


@dataclass(frozen=True, slots=True)
class RawTable:
    """File whose layout is known and whose records were all read once."""

    rows: RecordSource
    """Records, the header first."""
    delimiter: str
    """Character between cells; "" for a workbook."""
    kind: str
    """Kind for people, such as `tab-separated, UTF-16`."""
    header: Record
    """Names of the columns, unchanged."""
    above: list[str]
    """Lines above the header."""
    structure: Structure
    """Lines that are no rows."""
    cut: int | None
    """Row within which the file ends; None when it ends with a whole row."""
    notices: tuple[Notice, ...] = ()
    """Sentences about how the file was read."""
