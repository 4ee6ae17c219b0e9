"""Routes of imports: upload, preview, other options, start, progress, cancel."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from agent.imports import schema
from agent.imports.answers import answer, refusal_of
from agent.imports.refused_parts import part_of
from agent.imports.settings import MOST_UPLOAD_BYTES, ImportLimits
from agent.imports.uploads import MULTIPART, keep, receiving
from agent.imports.worker import ImportWorker
from domain_services.kernel.errors import Conflict, Forbidden, Invalid
from domain_services.kernel.web.admission import Overloaded
from domain_services.kernel.web.auth import ADMIN, Identity
from domain_services.kernel.web.idempotent_route import PATTERN, IdempotentRoute
from domain_services.kernel.web.openapi import problems
from domain_services.kernel.web.streamed_body import streamed
from memory.imports import ImportFile, ImportRow, Imports

router = APIRouter(prefix="/imports", tags=["imports"], route_class=IdempotentRoute)

MOST_LISTED = 100
MOST_RECEIVING = 4
_CSV = "text/csv; charset=utf-8"
_CSV_TOO: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {
            "files": {"type": "array", "items": _FILE["schema"]},
            "options": {"type": "string", "description": "an ImportRequest as JSON"},
        },
    }
}
_UPLOAD = streamed(
    MOST_UPLOAD_BYTES,
    requestBody={
        "required": False,
        "description": "one file, or a form of several",
        "content": {"application/octet-stream": _FILE, MULTIPART: _FORM},
    },
)


class ImportRoom:
    """Everything that the routes use."""

    def __init__(self, imports: Imports, worker: ImportWorker, limits: ImportLimits) -> None:
        self.imports = imports
        self.worker = worker
        self.limits = limits
        self.receiving = 0


async def _room(request: Request) -> ImportRoom:
    return request.app.state.imports


async def _caller(request: Request) -> Identity:
    return request.scope["dsm.identity"]


Wired = Annotated[ImportRoom, Depends(_room)]
Caller = Annotated[Identity, Depends(_caller)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", pattern=PATTERN)]


@router.post(
    "",
    status_code=201,
    responses={202: {"model": schema.Import, "description": "The files are being read"}}
    | problems(400, 408, 409, 413, 422, 503),
    **_UPLOAD,
)
async def upload_import(
    request: Request,
    response: Response,
    room: Wired,
    caller: Caller,
    name: Annotated[str | None, Query(max_length=500, description="name of the file")] = None,
    options: Annotated[str, Query(description="an ImportRequest as JSON")] = "{}",
    wait_seconds: Annotated[
        float | None,
        Query(ge=0, le=60, description="longest wait for the preview; default: the setting's"),
    ] = None,
    key: Key = None,
) -> schema.Import:
    """Upload files, and answer what is recognised in them; nothing is written before the start.

    The answer is 202 when the files take longer to read. Files that cannot be read are answered
    422; their upload stays for other options.
    """
    if room.receiving >= MOST_RECEIVING:
        raise Overloaded("too many uploads arrive at this moment; try again later")
    room.receiving += 1
    try:
        async with receiving(request, name, options) as received:
            body = received.request()
            import_id, worker = uuid4(), uuid4()
            row = await room.imports.begin(
                import_id,
                caller.name,
                key,
                received.content_hash,
                body.model_dump(mode="json", exclude_unset=True),
                worker,
            )
            if row is None:
                return await _earlier(room, caller.name, key or "", received.content_hash)
            await keep(room.imports, import_id, received)
    finally:
        room.receiving -= 1
    room.worker.begin(row, worker, _urls(request), _key(request))
    return await _when_read(room, import_id, response, wait_seconds)


async def _earlier(room: ImportRoom, owner: str, key: str, content_hash: str) -> schema.Import:
    """Answer the import that the same key began. Raises: `Invalid` for other files."""
    earlier = await room.imports.of_key(owner, key)
    if earlier is None or earlier[1] != content_hash:
        raise Invalid("this Idempotency-Key was used for other files; send a new key")
    return await _read(room, earlier[0])


async def _when_read(
    room: ImportRoom, import_id: UUID, response: Response, wait_seconds: float | None = None
) -> schema.Import:
    """Wait for the preview, and answer it. Raises: `ImportRefused`."""
    longest = room.limits.answer_seconds if wait_seconds is None else wait_seconds
    await room.worker.wait(import_id, longest)
    row = await room.imports.read(import_id)
    if row.state == "failed":
        raise refusal_of(row)
    if row.state == "reading":
        response.status_code = 202
    return answer(row, await room.imports.files(import_id))


@router.get("", responses=problems(503))
async def list_imports(
    room: Wired, limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50
) -> schema.ImportPage:
    """List imports, the newest first."""
    rows = await room.imports.newest(limit)
    return schema.ImportPage(
        imports=[answer(row, await room.imports.files(row.import_id), short=True) for row in rows]
    )


@router.get("/{import_id}", responses=problems(404, 503))
async def get_import(
    import_id: UUID,
    room: Wired,
    brief: Annotated[bool, Query(description="without preview and results, to watch it")] = False,
) -> schema.Import:
    """Show an import: its preview, how far it is, and what became of each project."""
    return await _read(room, import_id, brief=brief)


@router.post(
    "/{import_id}/options",
    responses={202: {"model": schema.Import, "description": "The files are being read"}}
    | problems(400, 403, 404, 409, 422, 503),
)
async def change_import_options(
    import_id: UUID,
    body: schema.ImportRequest,
    room: Wired,
    caller: Caller,
    request: Request,
    response: Response,
) -> schema.Import:
    """Read the files again with other options, in place of those before."""
    _check_owner(await room.imports.read(import_id), caller)
    worker = uuid4()
    changed = body.model_dump(mode="json", exclude_unset=True)
    row = await room.imports.claim(import_id, "reading", ("previewed", "failed"), worker, changed)
    room.worker.begin(row, worker, _urls(request), _key(request))
    return await _when_read(room, import_id, response)


@router.post(
    "/{import_id}/start", status_code=202, responses=problems(400, 403, 404, 409, 503), **ADMIN
)
async def start_import(
    import_id: UUID, room: Wired, caller: Caller, request: Request
) -> schema.Import:
    """Import what was previewed; GET shows the progress.

    An import that broke off is completed by the same request.
    """
    _check_owner(await room.imports.read(import_id), caller)
    worker = uuid4()
    row = await room.imports.claim(import_id, "importing", ("previewed", "failed"), worker)
    room.worker.begin(row, worker, _urls(request), _key(request))
    return await _read(room, import_id)


@router.delete("/{import_id}", responses=problems(403, 404, 409, 503))
async def cancel_import(import_id: UUID, room: Wired, caller: Caller) -> schema.Import:
    """Cancel an import and remove its upload; the answer says what stands."""
    _check_owner(await room.imports.read(import_id), caller)
    has_written = await room.worker.stop(import_id)
    row = await room.imports.cancel(import_id, has_written=has_written)
    if row is None:
        row = await room.imports.read(import_id)
        if row.state == "done":
            raise Conflict("this import is done; what it has written stays")
    await room.imports.remove_files(import_id)
    return answer(row, [])


@router.get(
    "/{import_id}/refused",
    responses=_CSV_TOO | problems(404, 503),
    response_model=schema.RefusedRows,
)
async def get_refused_rows(
    import_id: UUID,
    room: Wired,
    request: Request,
    part: Annotated[
        int | None,
        Query(ge=0, description="place among the files that have refused rows, from 0"),
    ] = None,
) -> schema.RefusedRows | Response:
    """Show the rows that are not imported, each with its reason; `Accept: text/csv` gives a file.

    The rows of several files follow each other, each file's with its own header; `part` gives
    those of one.
    """
    await room.imports.read(import_id)
    content = await room.imports.refused(import_id)
    if part is not None:
        content = part_of(content, part)
    if "text/csv" in request.headers.get("accept", ""):
        headers = {"Content-Disposition": 'attachment; filename="refused.csv"'}
        return Response(content, media_type=_CSV, headers=headers)
    return schema.RefusedRows(content=content.decode(errors="replace"))


async def _read(room: ImportRoom, import_id: UUID, *, brief: bool = False) -> schema.Import:
    row = await room.imports.read(import_id)
    files: Sequence[ImportFile] = await room.imports.files(import_id)
    return answer(row, files, short=brief)


def _check_owner(row: ImportRow, caller: Identity) -> None:
    """Let the owner and admins go on. Raises: `Forbidden`."""
    if caller.name != row.owner and caller.role != "admin":
        raise Forbidden(f"this import is of {row.owner}; upload the files with your own key")


def _urls(request: Request) -> dict[str, str]:
    """Return the services' URLs, and for this service the address that the request came to."""
    peers: dict[str, Any] = request.app.state.settings.peers.model_dump()
    host, port = request.scope["server"]
    address = f"[{host}]" if ":" in host else host
    return {**peers, "orchestrator": f"http://{address}:{port}"}


def _key(request: Request) -> str:
    """Return the caller's API key: their rights hold for what the import writes."""
    return request.headers["authorization"].partition(" ")[2].strip()
