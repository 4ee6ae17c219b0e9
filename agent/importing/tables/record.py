"""One record of a file."""

from dataclasses import dataclass


# Not frozen: freezing costs a tenth of the reading of a file.
@dataclass(slots=True)
class Record:
    """One record of the file."""

    row: int
    """Physical line on which it starts, from 1; in a workbook, the row's number."""
    cells: list[str]
    """Cells, unchanged, and "" for each that is missing at the end; a row may have more cells than
    the header. Of a file of refused rows, as they were in the file that it is of."""
    fault: str = ""
    """Why the row must be refused, as the end of a sentence; "" when nothing speaks against it."""
