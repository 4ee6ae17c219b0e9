"""File of refused rows, which a person can repair and import again."""

import csv
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from agent.importing.errors import CsvRefused
from agent.importing.reading.recognition import Recognition
from agent.importing.reading.source_rows import SOURCE_HEADER
from agent.importing.tables.spreadsheet_cells import REFUSED_HEADER, harmless
from agent.importing.tasks import Refusal

_CHECKED_BYTES = 100


def write_refusals(path: Path, recognition: Recognition) -> Path:
    """Write each refused row with its column, reason and cells, and return the path.

    A tracker's rows have a column for each field.
    A cell that a spreadsheet would run has an apostrophe in front, which the import takes off.
    An earlier file of refused rows is replaced. Beside any other file, `-2`, `-3` ... is put before
    the suffix.
    Raises: `CsvRefused` when the file cannot be written, or is the imported file itself.
    """
    table = recognition.table
    header = SOURCE_HEADER if table is None else table.header
    return _place(
        path,
        None if table is None else table.path,
        lambda free_path: _write(free_path, header, recognition.refused),
    )


def save_refusals(path: Path, content: bytes, source: Path | None) -> Path:
    """Keep a file of refused rows that is written already, at a path as `write_refusals` does.

    `source` is the imported file, None without one. Raises: `CsvRefused`.
    """
    return _place(path, source, lambda free_path: free_path.write_bytes(content))


def free_rejects(path: Path, written: Sequence[Path]) -> Path:
    """Return a path for the next file of refused rows, beside those of the same command."""
    if path not in written:
        return path
    return path.with_name(f"{path.stem}-{len(written) + 1}{path.suffix}")


def _place(path: Path, source: Path | None, write: Callable[[Path], object]) -> Path:
    """Write at the path, or at the first free one beside it, and return that one."""
    try:
        if _is_source(path, source):
            raise CsvRefused(f"{path} is the imported file: name another for the refused rows.")
        path = _free_path(path, source)
        write(path)
    except KeyboardInterrupt:
        # Half of the refused rows would look like all of them.
        if path.is_file():
            path.unlink()
        raise
    except OSError as error:
        raise CsvRefused(
            f"{path} cannot be written: {error.strerror or error}; "
            "name another place for the refused rows with --rejects."
        ) from error
    return path


def _write(path: Path, header: Sequence[str], refused: Sequence[Refusal]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow((*REFUSED_HEADER, *map(harmless, header)))
        for refusal in refused:
            cells = (refusal.column, refusal.reason, *refusal.cells)
            writer.writerow((refusal.row, *map(harmless, cells)))


def _free_path(path: Path, source: Path | None) -> Path:
    """Return the path, or the first numbered one beside it that may be written."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    candidate = path
    while candidate.exists() and (_is_source(candidate, source) or not _may_replace(candidate)):
        candidate = next(numbered)
    return candidate


def _is_source(path: Path, source: Path | None) -> bool:
    # Standard input and a tracker have no file.
    return source is not None and path.exists() and source.exists() and path.samefile(source)


def _may_replace(path: Path) -> bool:
    """Return True for a file of refused rows, and where nothing could be lost."""
    if not path.is_file():
        return True  # a device takes the rows, and a folder says why it does not
    with path.open("rb") as stream:
        start = stream.read(_CHECKED_BYTES)
    return not start or start.startswith(",".join(REFUSED_HEADER).encode() + b",")
