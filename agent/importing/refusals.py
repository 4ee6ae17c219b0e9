"""The refused rows as a file that can be repaired and imported again."""

import csv
from pathlib import Path

from agent.importing.errors import CsvRefused
from agent.importing.recognition import Recognition


def write_refusals(path: Path, recognition: Recognition) -> None:
    """Write row, column, reason and the cells as they were, one line a refused row, in UTF-8.

    Raises CsvRefused when the file cannot be written, or is the imported file itself.
    """
    source = recognition.table
    try:
        if path.exists() and path.samefile(source.path):
            raise CsvRefused(f"{path} is the imported file: name another for the refused rows.")
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("row", "column", "reason", *source.header))
            for refusal in recognition.refused:
                writer.writerow((refusal.row, refusal.column, refusal.reason, *refusal.cells))
    except OSError as error:
        raise CsvRefused(f"{path} cannot be written: {error.strerror or error}.") from error
