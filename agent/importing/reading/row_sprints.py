"""Sprints of a row, by the names in its cells."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from agent.importing.meaning.plain_text import plain_line, shortened
from agent.importing.meaning.sprint_names import SprintCell, SprintText, sprints_written
from agent.importing.reading.values import Values
from agent.importing.tasks import TrackerSprint

DateReader = Callable[[str, Values], date | None]
MAX_NAME = 300
# A path without a folder is the project's own, which holds what is in no iteration.
_PATH_COLUMN = re.compile(r"\bpath\b", re.IGNORECASE)
_SUFFIX = re.compile(r"[\s_-]+(?:number|name|id|no\.?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RowSprints:
    """Reader of the sprints of rows; it keeps each sprint once."""

    headers: Sequence[str] = ()
    """Name of the column of each text."""
    written: SprintText = "name"
    """What a cell holds."""
    word: str = ""
    """Word before the name of a sprint that is only a number; "" takes the column's own."""
    sprints: dict[tuple[str, str], TrackerSprint] = field(
        default_factory=dict[tuple[str, str], TrackerSprint]
    )
    """Sprints by project and name."""
    shared: dict[tuple[str, ...], tuple[str, ...]] = field(
        default_factory=dict[tuple[str, ...], tuple[str, ...]]
    )
    """Names of sprints, so that tasks with the same ones share them."""
    read_before: dict[tuple[str, ...], tuple[str, ...]] = field(
        default_factory=dict[tuple[str, ...], tuple[str, ...]]
    )
    """Names of sprints by project and texts of a row."""

    def read(self, values: Values, project: str, day_of: DateReader) -> tuple[str, ...]:
        """Return the names of a row's sprints, the first one first."""
        texts = values.texts("sprint")
        if not any(texts):
            return ()
        # Without days of its own, a row tells nothing new of sprints that another row named.
        dated = "sprint_start" in values.first or "sprint_end" in values.first
        key = None if dated else (project, *texts)
        if key is not None and (names := self.read_before.get(key)) is not None:
            return names
        cells = self._cells(texts)
        if not cells:
            return ()
        start, end = day_of("sprint_start", values), day_of("sprint_end", values)
        # The days of a row are those of the sprint that it is in now.
        for cell in cells[:-1]:
            self._keep(project, cell)
        last = cells[-1]
        self._keep(project, replace(last, start=last.start or start, end=last.end or end))
        names = tuple(dict.fromkeys(cell.name for cell in cells))
        names = self.shared.setdefault(names, names)
        if key is not None:
            self.read_before[key] = names
        return names

    def _cells(self, texts: Sequence[str]) -> list[SprintCell]:
        """Read the texts of the first column with any; columns of one name hold several sprints."""
        cells: list[SprintCell] = []
        column: str | None = None
        for place, text in enumerate(texts):
            header = self.headers[place] if place < len(self.headers) else "Sprint"
            if not text or (column is not None and header != column):
                continue
            column = header
            cells += _named(text, header, self.written, self.word)
        return cells

    def _keep(self, project: str, cell: SprintCell) -> None:
        key = (project, cell.name)
        before = self.sprints.get(key)
        if before is not None and (before.start or not cell.start) and (before.end or not cell.end):
            return
        self.sprints[key] = TrackerSprint(
            project=project,
            name=cell.name,
            start=(before and before.start) or cell.start,
            end=(before and before.end) or cell.end,
            closed=(before and before.closed) or cell.closed,
            state=(before and before.state) or cell.state,
        )


# Cached, so that tasks of one sprint share its name.
@lru_cache(maxsize=4096)
def _named(text: str, header: str, written: SprintText, word: str) -> tuple[SprintCell, ...]:
    """Read one cell; a mere number is named after its column, as `Cycle 3`."""
    if _PATH_COLUMN.search(header):
        written = "path"
    word = word or _SUFFIX.sub("", header).strip() or "Sprint"
    return tuple(
        replace(cell, name=shortened(plain_line(cell.name), MAX_NAME))
        for cell in sprints_written(text, written, word)
    )
