"""Earlier imports of a tracker that is read again: they complete its changes, or all is read.

The command line asks before it reads (`last_read`), the process of the import before it writes
(`KnownSource`): somebody else may have imported between (docs/adr/0170-trackers-by-route.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.importing.errors import ChangesRefused
from agent.importing.history.increments import completed, projects_of, whole_reason, with_gone
from agent.importing.history.known_rows import KnownRows, find
from agent.importing.history.row_store import RowStore
from agent.importing.options import ImportOptions
from agent.importing.reading.source_rows import SourceRows
from agent.importing.saved_options import hash_options
from agent.importing.sources.last_read import LastRead
from agent.imports.job import SavedImport
from agent.imports.schema import ImportSource

# A moment is measured by whole seconds of the tracker and by the way of its answer. Whoever reads
# within this time after another read sees the same, and the next read asks for half an hour more.
MEASURED = timedelta(minutes=1)
_OTHER_OPTIONS = "the options about tasks are others than in the last import"


def last_read(
    source: ImportSource, projects: Sequence[str], options: ImportOptions, now: datetime
) -> tuple[LastRead | None, str | None]:
    """Return the last read of a source, after which changes are enough; else why they are not.

    `projects` are those that the source has.
    """
    if source.read_at is None:
        return None, "the last import kept no moment from which changes could be asked for"
    if source.options_hash != hash_options(options):
        return None, _OTHER_OPTIONS
    if len(projects) > 1:
        return None, _several(projects)
    last = LastRead(source.read_at, source.setup)
    if not last.is_before(now):
        return None, f"the last import was at {source.read_at:%Y-%m-%d %H:%M}, which is to come"
    return last, None


def imports_of(source: ImportSource | None, saved: Sequence[SavedImport]) -> list[SavedImport]:
    """Return the last imports of the projects that were read by the same request to a tracker."""
    if source is None or source.kind != "api":
        return []
    return [one for one in saved if one.source is not None and one.source.request == source.request]


@dataclass(frozen=True, slots=True)
class KnownSource:
    """Earlier imports of the source of an upload."""

    source: ImportSource | None
    """Source as the upload names it; None when it does not."""
    imports: Sequence[SavedImport]
    """Last import of each of its projects."""
    rows: KnownRows | None
    """Known rows of its one project; None without any, and for several projects."""

    @staticmethod
    async def read(
        source: ImportSource | None, saved: Sequence[SavedImport], store: RowStore
    ) -> "KnownSource":
        """Read what is known of a source. Raises: `CsvRefused` for damaged rows."""
        imports = imports_of(source, saved)
        rows = await find(store, imports[0].project_id) if len(imports) == 1 else None
        return KnownSource(source, imports, rows)

    def complete(self, source: SourceRows, options: ImportOptions) -> SourceRows:
        """Return what a tracker told as a whole, with sentences about what it has no more.

        Raises: `ChangesRefused` for changes that nothing known completes.
        """
        if source.since is None:
            return self._with_gone(source, options)
        reason = self._whole_reason(source, source.since, options)
        if reason is not None or self.rows is None:
            raise ChangesRefused(reason or "no earlier rows of the project are kept")
        return completed(source, self.rows)

    def _with_gone(self, source: SourceRows, options: ImportOptions) -> SourceRows:
        if self.rows is None:
            return source
        before = self.imports[0].options
        # The same rows can become another project, which has none of the known ones.
        is_same = (before.get("project"), before.get("prefix") or "") == (
            options.project,
            options.prefix,
        )
        return with_gone(source, self.rows) if is_same else source

    def _whole_reason(
        self, source: SourceRows, since: datetime, options: ImportOptions
    ) -> str | None:
        """Say why changes since a moment are not enough; None: they are."""
        names = [one.project_id for one in self.imports]
        if len(names) > 1:
            return _several(names)
        last = self.imports[0].source if names == [source.project] else None
        if last is None or self.source is None:
            return f"it was not what {source.project} was read from last"
        return (
            _gap(self.source, last, since)
            or (_OTHER_OPTIONS if last.options_hash != hash_options(options) else None)
            or whole_reason(source, self.rows)
            or _other_project(source, options)
        )


def _gap(source: ImportSource, last: ImportSource, since: datetime) -> str | None:
    """Say why changes since a moment may not reach from the last read to this one."""
    if last.read_at is None or since > last.read_at:
        return "these changes begin after the moment of the last import that is kept"
    if source.read_at is None or source.read_at < last.read_at - MEASURED:
        return "it was imported by somebody else meanwhile"
    if source.setup != last.setup:
        return "it was set up otherwise in the last import"
    return None


def _other_project(source: SourceRows, options: ImportOptions) -> str | None:
    """Say which other project a changed task belongs to; None: there is none."""
    others = sorted(projects_of(source, options) - {source.project})
    return f"a task of the project {others[0]} is new in it" if others else None


def _several(projects: Sequence[str]) -> str:
    return f"it has several projects ({', '.join(sorted(projects))})"
