"""The refused rows as a file that can be repaired and imported again."""

import csv
from itertools import count
from pathlib import Path

from agent.importing.errors import CsvRefused
from agent.importing.recognition import Recognition

_HEAD = ("row", "column", "reason")
_HEAD_CHARACTERS = 100


def write_refusals(path: Path, recognition: Recognition) -> Path:
    """Write row, column, reason and the cells as they were, one line a refused row, in UTF-8.

    An earlier file of refused rows is replaced; any other is left alone and `-2`, `-3` ... put
    before the suffix. Returns the file written. Raises CsvRefused when the file cannot be written,
    or is the imported file itself.
    """
    source = recognition.table
    try:
        if path.exists() and path.samefile(source.path):
            raise CsvRefused(f"{path} is the imported file: name another for the refused rows.")
        path = _free(path, source.path)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow((*_HEAD, *source.header))
            for refusal in recognition.refused:
                writer.writerow((refusal.row, refusal.column, refusal.reason, *refusal.cells))
    except OSError as error:
        raise CsvRefused(
            f"{path} cannot be written: {error.strerror or error}; "
            "name another place for the refused rows with --rejects."
        ) from error
    return path


def _free(path: Path, source: Path) -> Path:
    """The path, or the first beside it that is neither another's file nor the imported one."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    candidate = path
    while candidate.exists() and (candidate.samefile(source) or not _is_ours(candidate)):
        candidate = next(numbered)
    return candidate


def _is_ours(path: Path) -> bool:
    """Whether a file begins as one of refused rows, or nothing is in it that could be lost."""
    if not path.is_file():
        return True  # a device takes the rows, and a folder says why it does not
    with path.open("rb") as stream:
        start = stream.read(_HEAD_CHARACTERS)
    return not start or start.startswith(",".join(_HEAD).encode() + b",")
