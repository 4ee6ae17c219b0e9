"""Progress of the reading of rows, reported every thousand rows."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")
# Takes the rows that were read, and the share of the work that is done; None: not known.
Progress = Callable[[int, float | None], None]

STEP_ROWS = 1_000
# The first pass over a file only samples its columns; whole numbers, so that they add up to 1.
_SAMPLING_WEIGHT, _READING_WEIGHT = 3, 7


class ReadingProgress:
    """Counter of the rows of all sources of one import, in both passes over them."""

    def __init__(self, report: Progress | None, total: int | None) -> None:
        """Begin with no row; `total` counts those of all sources, None when it is not known."""
        self._report = report
        self._total = total
        self._sampled = self._read = 0

    def sampling(self, records: Iterable[Item]) -> Iterable[Item]:
        """Pass the records of the first pass on, and count them."""
        return records if self._report is None else self._counted(records, self._add_sampled)

    def reading(self, rows: Iterable[Item]) -> Iterable[Item]:
        """Pass the rows of the second pass on, and count them."""
        return rows if self._report is None else self._counted(rows, self._add_read)

    def _counted(self, rows: Iterable[Item], add: Callable[[int], None]) -> Iterator[Item]:
        count = 0
        for row in rows:
            yield row
            count += 1
            if count == STEP_ROWS:
                add(count)
                count = 0
        add(count)

    def _add_sampled(self, rows: int) -> None:
        self._sampled += rows
        self._tell()

    def _add_read(self, rows: int) -> None:
        self._read += rows
        self._tell()

    def _tell(self) -> None:
        if self._report is not None:
            self._report(self._read, self._share())

    def _share(self) -> float | None:
        if not self._total:
            return None
        work = _SAMPLING_WEIGHT * self._sampled + _READING_WEIGHT * self._read
        return work / (self._total * (_SAMPLING_WEIGHT + _READING_WEIGHT))
