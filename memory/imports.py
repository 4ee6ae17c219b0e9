"""Table of imports by route: their uploads, their state, and who works on one.

A worker holds an import by its id until `busy_until`. One that ends without giving it back is
noticed by the next look at the table: the import has failed then, and may be started again.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain_services.kernel.errors import Conflict, NotFound
from memory.import_state import ImportState
from memory.pool import Pool

# ruff: noqa: S608 (statements consist of constants)

LEASE_SECONDS = 30
_LEASE: LiteralString = "now() + make_interval(secs => 30)"
PART_BYTES = 1024 * 1024
LOST = (
    "the process that worked on this import has ended; what was written stays, nothing is half a"
    " record, and the same start goes on from there"
)
LOST_READING = "the process that read the files has ended; read them again with the same options"
# Of every start, so that two of one project are told apart.
_START_LOCK = 7_316_019

_COLUMNS: LiteralString = """
    import_id, owner, state, request, projects, rows_read, preview, results, problem, problem_code,
    steps_done, steps_total, has_written, created_at, updated_at, refused IS NOT NULL AS has_refused
"""
_BEGIN: LiteralString = f"""
    INSERT INTO imports (import_id, owner, key, content_hash, state, request, worker, busy_until)
    VALUES (%(import_id)s, %(owner)s, %(key)s, %(content_hash)s, 'reading', %(request)s,
            %(worker)s, {_LEASE})
    ON CONFLICT (owner, key) DO NOTHING
    RETURNING {_COLUMNS}
"""
# Files arrive while their import is held: not after a cancellation, and for as long as it takes.
_HELD: LiteralString = f"""
    WITH held AS (
        UPDATE imports SET busy_until = {_LEASE} WHERE import_id = %s AND state = 'reading'
        RETURNING import_id
    )
"""
_ADD_FILE: LiteralString = (
    f"{_HELD} INSERT INTO import_files SELECT import_id, %s, %s, %s FROM held"
)
_ADD_PART: LiteralString = (
    f"{_HELD} INSERT INTO import_parts SELECT import_id, %s, %s, %s FROM held"
)
_FAIL_LOST: LiteralString = """
    UPDATE imports SET problem = CASE state WHEN 'reading' THEN %(reading)s ELSE %(lost)s END,
        has_written = has_written OR state = 'importing',
        state = 'failed', worker = NULL, busy_until = NULL, updated_at = now()
    WHERE state IN ('reading', 'importing') AND busy_until < now()
"""
_CLAIM: LiteralString = f"""
    UPDATE imports SET state = %(state)s, request = COALESCE(%(request)s, request),
        problem = NULL, problem_code = NULL, steps_done = 0, steps_total = 0, updated_at = now(),
        worker = %(worker)s,
        preview = CASE WHEN %(state)s = 'importing' THEN preview END,
        busy_until = {_LEASE}
    WHERE import_id = %(import_id)s AND state = ANY (%(before)s)
        AND (%(state)s <> 'importing' OR preview IS NOT NULL)
        AND EXISTS (SELECT FROM import_files AS file WHERE file.import_id = imports.import_id)
    RETURNING {_COLUMNS}
"""
_OTHER: LiteralString = """
    SELECT other.import_id, other.projects FROM imports AS other, imports AS mine
    WHERE mine.import_id = %(import_id)s AND other.import_id <> mine.import_id
        AND other.state = 'importing' AND other.projects && mine.projects
    LIMIT 1
"""
_RENEW: LiteralString = f"""
    UPDATE imports SET busy_until = {_LEASE},
        steps_done = %(done)s, steps_total = %(total)s, rows_read = %(rows)s,
        has_written = has_written OR %(has_written)s, updated_at = now()
    WHERE import_id = %(import_id)s AND worker = %(worker)s
"""
_FINISH: LiteralString = """
    UPDATE imports SET state = %(state)s, problem = %(problem)s, problem_code = %(problem_code)s,
        worker = NULL, busy_until = NULL,
        preview = COALESCE(%(preview)s, preview), results = COALESCE(%(results)s, results),
        refused = COALESCE(%(refused)s, refused), projects = COALESCE(%(projects)s, projects),
        rows_read = GREATEST(rows_read, %(rows)s), updated_at = now(),
        has_written = has_written OR %(has_written)s
    WHERE import_id = %(import_id)s AND worker = %(worker)s
"""
_CANCEL: LiteralString = f"""
    UPDATE imports SET state = 'cancelled', worker = NULL, busy_until = NULL, updated_at = now(),
        problem = NULL, problem_code = NULL,
        has_written = has_written OR COALESCE(%(has_written)s, state = 'importing')
    WHERE import_id = %(import_id)s AND state NOT IN ('done', 'cancelled')
    RETURNING {_COLUMNS}
"""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import."""

    import_id: UUID
    """Id of the import."""
    owner: str
    """Name of the API key that has uploaded the files."""
    state: ImportState
    """What is done with it."""
    request: dict[str, Any]
    """Options, as the routes take them."""
    projects: list[str]
    """Ids of the projects of the files; empty before they are recognised."""
    rows_read: int
    """Rows that were read."""
    preview: str | None
    """JSON of the preview; None before there is one."""
    results: str | None
    """JSON of what became of each project; None before the end."""
    problem: str | None
    """Why it failed, in words; None otherwise."""
    problem_code: str | None
    """Code of the reason; None: it has none."""
    steps_done: int
    """Steps of the writing that are done."""
    steps_total: int
    """Steps of the writing; 0 before it begins."""
    has_written: bool
    """True once anything may have been written."""
    created_at: datetime
    """Time of the upload."""
    updated_at: datetime
    """Time of the last change."""
    has_refused: bool
    """True when rows were refused."""


@dataclass(frozen=True, slots=True)
class ImportFile:
    """File of an import."""

    number: int
    """Place in the order of the upload, from 0."""
    name: str
    """Name without any folder."""
    bytes: int
    """Size."""


@dataclass(frozen=True, slots=True)
class Work:
    """Progress of a worker."""

    done: int = 0
    """Steps of the writing that are done."""
    total: int = 0
    """Steps of the writing."""
    rows: int = 0
    """Rows that were read."""
    has_written: bool = False
    """True once anything may have been written."""


@dataclass(frozen=True, slots=True)
class Ending:
    """End of a worker's work."""

    state: ImportState
    """ImportState from now on."""
    problem: str | None = None
    """Why it failed; None otherwise."""
    problem_code: str | None = None
    """Code of the reason; None: it has none."""
    preview: str | None = None
    """JSON of the preview; None: that of before stays."""
    results: str | None = None
    """JSON of what became of each project; None: none."""
    refused: bytes | None = None
    """Refused rows as CSV; None: those of before stay."""
    projects: Sequence[str] | None = None
    """Ids of the projects; None: those of before stay."""
    rows: int = 0
    """Rows that were read."""
    has_written: bool = False
    """True once anything may have been written."""


class Imports:
    """Table of imports."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(
        self,
        import_id: UUID,
        owner: str,
        key: str | None,
        content_hash: str,
        request: Mapping[str, Any],
        worker: UUID,
    ) -> ImportRow | None:
        """Begin an import in the state `reading`; None when the key has been used."""
        values: dict[str, Any] = {"import_id": import_id, "owner": owner, "worker": worker}
        values |= {"key": key, "content_hash": content_hash, "request": Jsonb(dict(request))}
        return await self._first(_BEGIN, values)

    async def of_key(self, owner: str, key: str) -> tuple[UUID, str] | None:
        """Return id and content hash of the import that a key began; None without one."""
        statement = "SELECT import_id, content_hash FROM imports WHERE owner = %s AND key = %s"
        async with self._pool.connection() as connection:
            row = await (await connection.execute(statement, (owner, key))).fetchone()
        return None if row is None else (row[0], row[1])

    async def add_file(self, import_id: UUID, file: ImportFile) -> None:
        """Add a file without its content. Raises: `Conflict` when the import was cancelled."""
        values = (import_id, file.number, file.name, file.bytes)
        _check_added(await self._execute(_ADD_FILE, values))

    async def add_part(self, import_id: UUID, file: int, number: int, content: bytes) -> None:
        """Add the next part of a file's content, at most `PART_BYTES`. Raises: `Conflict`."""
        _check_added(await self._execute(_ADD_PART, (import_id, file, number, content)))

    async def discard(self, import_id: UUID) -> None:
        """Delete an import whose files did not arrive whole: its key may be used again."""
        await self._execute(
            "DELETE FROM imports WHERE import_id = %s AND state = 'reading'", (import_id,)
        )

    async def files(self, import_id: UUID) -> list[ImportFile]:
        """List the files of an import; empty once they were removed."""
        statement = (
            "SELECT number, name, bytes FROM import_files WHERE import_id = %s ORDER BY number"
        )
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ImportFile)) as cursor,
        ):
            return await (await cursor.execute(statement, (import_id,))).fetchall()

    async def parts(self, import_id: UUID, file: int) -> AsyncIterator[bytes]:
        """Yield the content of a file, part by part."""
        statement = (
            "SELECT content FROM import_parts"
            " WHERE import_id = %s AND file_number = %s AND number = %s"
        )
        number = 0
        while True:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(statement, (import_id, file, number))
                row = await cursor.fetchone()
            if row is None:
                return
            yield row[0]
            number += 1

    async def remove_files(self, import_id: UUID) -> None:
        """Remove the uploaded files."""
        await self._execute("DELETE FROM import_files WHERE import_id = %s", (import_id,))

    async def read(self, import_id: UUID) -> ImportRow:
        """Read an import. Raises: `NotFound`."""
        await self.fail_lost()
        statement: LiteralString = f"SELECT {_COLUMNS} FROM imports WHERE import_id = %(import_id)s"
        row = await self._first(statement, {"import_id": import_id})
        if row is None:
            raise NotFound(
                f"there is no import {import_id}; uploads are kept for some days: upload the files"
                " again",
                import_id=str(import_id),
            )
        return row

    async def newest(self, most: int) -> list[ImportRow]:
        """List imports, the newest first."""
        await self.fail_lost()
        statement: LiteralString = (
            f"SELECT {_COLUMNS} FROM imports ORDER BY created_at DESC, import_id LIMIT %(most)s"
        )
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ImportRow)) as cursor,
        ):
            return await (await cursor.execute(statement, {"most": most})).fetchall()

    async def refused(self, import_id: UUID) -> bytes:
        """Return the refused rows as CSV; empty without any."""
        statement = "SELECT refused FROM imports WHERE import_id = %s"
        async with self._pool.connection() as connection:
            row = await (await connection.execute(statement, (import_id,))).fetchone()
        return b"" if row is None or row[0] is None else bytes(row[0])

    async def claim(
        self,
        import_id: UUID,
        state: ImportState,
        before: Sequence[ImportState],
        worker: UUID,
        request: Mapping[str, Any] | None = None,
    ) -> ImportRow:
        """Take an import to work on it; `request` None leaves its options.

        Raises: `NotFound`, `Conflict` while it is in another state than `before` names, or while
        another import of one of its projects writes.
        """
        values: dict[str, Any] = {"import_id": import_id, "state": state, "worker": worker}
        values |= {"before": list(before)}
        values["request"] = None if request is None else Jsonb(dict(request))
        await self.fail_lost()
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=class_row(ImportRow)) as cursor,
        ):
            if state == "importing":
                await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_START_LOCK,))
                other = await (await connection.execute(_OTHER, values)).fetchone()
                if other is not None:
                    raise Conflict(
                        f"another import writes {', '.join(other[1])}; wait for its end, or cancel"
                        f" it: DELETE /imports/{other[0]}",
                        import_id=str(other[0]),
                    )
            row = await (await cursor.execute(_CLAIM, values)).fetchone()
        if row is not None:
            return row
        row = await self.read(import_id)
        raise Conflict(_refusal(row.state, state), import_id=str(import_id), state=row.state)

    async def renew(self, import_id: UUID, worker: UUID, work: Work) -> bool:
        """Hold an import for longer, with its progress; False when it was taken away."""
        values: dict[str, Any] = {"import_id": import_id, "worker": worker, "done": work.done}
        values |= {"total": work.total, "rows": work.rows, "has_written": work.has_written}
        return await self._execute(_RENEW, values) == 1

    async def finish(self, import_id: UUID, worker: UUID, ending: Ending) -> bool:
        """End a worker's work; False when the import was taken away from it."""
        values: dict[str, Any] = {
            "import_id": import_id,
            "worker": worker,
            "state": ending.state,
            "problem": ending.problem,
            "problem_code": ending.problem_code,
            "preview": ending.preview,
            "results": ending.results,
            "refused": ending.refused,
            "projects": None if ending.projects is None else list(ending.projects),
            "rows": ending.rows,
            "has_written": ending.has_written,
        }
        return await self._execute(_FINISH, values) == 1

    async def cancel(self, import_id: UUID, *, has_written: bool | None = None) -> ImportRow | None:
        """Cancel an import and take it from its worker; None for one that has ended.

        `has_written` says whether its worker wrote; None: nobody knows, so an import that was
        being written may have.
        """
        values = {"import_id": import_id, "has_written": has_written}
        return await self._first(_CANCEL, values)

    async def fail_lost(self) -> None:
        """Let the imports of workers fail that have ended without a word."""
        await self._execute(_FAIL_LOST, {"lost": LOST, "reading": LOST_READING})

    async def _execute(self, statement: LiteralString, values: Any) -> int:
        async with self._pool.connection() as connection:
            return (await connection.execute(statement, values)).rowcount

    async def _first(self, statement: LiteralString, values: Mapping[str, Any]) -> ImportRow | None:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ImportRow)) as cursor,
        ):
            return await (await cursor.execute(statement, values)).fetchone()


def _check_added(rows: int) -> None:
    if not rows:
        raise Conflict("this import was cancelled while its files arrived; upload them again")


def _refusal(state: ImportState, next_state: ImportState) -> str:
    """Say why an import cannot be taken, and what to do."""
    reasons: dict[ImportState, str] = {
        "reading": "its files are being read; wait for the preview",
        "importing": "it is being written already; read its progress",
        "done": "it is done; upload the files again to import them again",
        "cancelled": "it was cancelled and its upload removed; upload the files again",
        "failed": "its files could not be read; give other options first",
        "previewed": "its upload was removed; upload the files again",
    }
    verb = "started" if next_state == "importing" else "read again"
    return f"this import cannot be {verb}: {reasons[state]}"
