"""Progress bars of an import on standard error: bytes sent, rows read, records written."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class ImportBars:
    """Bars of one import, each shown from its first step on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._sent = 0

    def send(self, size: int, total: int) -> None:
        """Count bytes that were sent."""
        self._sent += size
        counts = f"{decimal(self._sent)} of {decimal(total)}"
        self._show("sending", self._sent, total, counts)

    def read(self, rows: int, share: float | None = None) -> None:
        """Show the rows that were read; `share` is that of the work, None when not known."""
        total = None if not share else rows / share
        self._show("reading", rows, total, f"{rows:,} rows")

    def write(self, done: int, total: int) -> None:
        """Show the records that are written."""
        self._show("importing", done, total, f"{done:,} of {total:,} records")

    def embed(self, done: int, total: int) -> None:
        """Show the episodes that are embedded."""
        self._show("embedding", done, total, f"{done:,} of {total:,} episodes")

    def _show(self, name: str, done: float, total: float | None, counts: str) -> None:
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=None, counts="")
        self._progress.update(self._bars[name], completed=done, total=total, counts=counts)


@contextmanager
def import_bars(*, quiet: bool) -> Iterator[ImportBars]:
    """Show bars during the block; `quiet` shows none."""
    # On stderr, so that stdout holds only the result, also in a pipe.
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=quiet) as progress:
        yield ImportBars(progress)
