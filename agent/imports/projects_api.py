"""Routes of imported projects: their known rows, and how the last import of each was made."""

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from agent.imports import schema
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.auth import ADMIN
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems
from domain_services.kernel.web.streamed_body import streamed
from memory.known_rows import StoredRows

router = APIRouter(prefix="/imports/projects", tags=["imports"], route_class=IdempotentRoute)

# Compressed rows of about two million tasks.
MOST_ROWS_BYTES = 64 * 1024 * 1024
_ROWS_BODY = streamed(
    MOST_ROWS_BYTES,
    requestBody={
        "required": False,
        "description": "the document: JSON, compressed by zlib",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
)


async def _rows(request: Request) -> StoredRows:
    return request.app.state.known_rows


Rows = Annotated[StoredRows, Depends(_rows)]


@router.get("", responses=problems(503))
async def list_imported_projects(rows: Rows) -> schema.ImportedProjects:
    """List the projects that were imported, with the options and the source of the last import."""
    settings = {one.project_id: one for one in await rows.settings()}
    with_rows = set(await rows.project_ids())
    names = sorted({*settings, *with_rows})
    return schema.ImportedProjects(
        projects=[
            schema.ImportedProject(
                project_id=name,
                options=schema.ImportRequest.model_validate(one.request) if one else None,
                source=schema.ImportSource.model_validate(one.source)
                if one and one.source
                else None,
                imported_at=one.updated_at if one else None,
                headers=one.headers if one else "",
                has_rows=name in with_rows,
            )
            for name in names
            for one in [settings.get(name)]
        ]
    )


@router.get("/{project_id}/rows", responses=problems(503))
async def get_known_rows(project_id: ProjectId, rows: Rows) -> schema.KnownRows:
    """Read the known rows of a project, those after its day included."""
    content = await rows.read(project_id)
    encoded = None if content is None else base64.b64encode(content).decode()
    return schema.KnownRows(project_id=project_id, content=encoded)


@router.put("/{project_id}/rows", responses=problems(400, 413, 503), **_ROWS_BODY)
async def put_known_rows(
    project_id: ProjectId, rows: Rows, request: Request
) -> schema.KnownRowsSaved:
    """Keep the known rows of a project in place of those before."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
    if not content:
        raise Invalid("the body is empty; send the compressed document")
    await rows.write(project_id, bytes(content))
    return schema.KnownRowsSaved(project_id=project_id, bytes=len(content))


@router.put("/{project_id}/settings", responses=problems(400, 503), **ADMIN)
async def put_import_settings(
    project_id: ProjectId, body: schema.SettingsSaved, rows: Rows
) -> schema.SettingsSaved:
    """Keep how a project was imported, for the next import and for `dsm sync`."""
    request = body.options.model_dump(mode="json", exclude={"source"}, exclude_unset=True)
    source = body.options.source
    await rows.save_settings(
        project_id,
        body.headers,
        request,
        None if source is None else source.model_dump(mode="json"),
    )
    return body
