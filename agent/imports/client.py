"""Client of the routes of imports."""

from uuid import UUID

from agent.imports import schema
from domain_services.kernel.client.http_client import ServiceClient, Upload

# The largest upload over a slow line.
UPLOAD_SECONDS = 600.0
# Files are read again, or the known rows of a large project sent.
WORK_SECONDS = 60.0
IMPORTS = "/imports"


class ImportsClient(ServiceClient):
    """Part of the orchestrator's client; every method raises the problems of `ServiceClient`."""

    async def upload_import(
        self,
        upload: Upload,
        name: str | None = None,
        options: str = "{}",
        key: str | None = None,
        *,
        wait_seconds: float | None = None,
    ) -> schema.Import:
        """Upload files; None waits for their preview as long as the orchestrator's setting says.

        Raises: `PeerRefused` (422) for files that cannot be read.
        """
        params = {"name": name, "options": options, "wait_seconds": wait_seconds}
        return await self._call(
            "POST",
            IMPORTS,
            schema.Import,
            params=params,
            upload=upload,
            key=key,
            timeout=UPLOAD_SECONDS,
        )

    async def list_imports(self, limit: int = 50) -> schema.ImportPage:
        params = {"limit": limit}
        return await self._call("GET", IMPORTS, schema.ImportPage, params=params)

    async def get_import(self, import_id: UUID, *, brief: bool = False) -> schema.Import:
        """Read an import; a brief one has no preview and no results.

        Raises: `PeerRefused` (404) for an unknown or expired one.
        """
        params = {"brief": brief or None}
        path = f"{IMPORTS}/{import_id}"
        return await self._call("GET", path, schema.Import, params=params)

    async def change_import_options(
        self, import_id: UUID, body: schema.ImportRequest
    ) -> schema.Import:
        """Read the files again. Raises: `PeerRefused` (422) when they cannot be read."""
        path = f"{IMPORTS}/{import_id}/options"
        return await self._call("POST", path, schema.Import, body=body, timeout=WORK_SECONDS)

    async def start_import(self, import_id: UUID, key: str | None = None) -> schema.Import:
        """Begin to write. Raises: `PeerRefused` (409) while another import of a project writes."""
        path = f"{IMPORTS}/{import_id}/start"
        return await self._call("POST", path, schema.Import, key=key)

    async def cancel_import(self, import_id: UUID) -> schema.Import:
        """Cancel an import. Raises: `PeerRefused` (409) for one that is done."""
        return await self._call("DELETE", f"{IMPORTS}/{import_id}", schema.Import)

    async def refused_rows(self, import_id: UUID, part: int | None = None) -> schema.RefusedRows:
        """Read refused rows; `part` counts from 0 the files that have any, None reads all."""
        path = f"{IMPORTS}/{import_id}/refused"
        params = {"part": part}
        return await self._call("GET", path, schema.RefusedRows, params=params)

    async def imported_projects(self) -> schema.ImportedProjects:
        path = f"{IMPORTS}/projects"
        return await self._call("GET", path, schema.ImportedProjects)

    async def known_rows(self, project_id: str) -> schema.KnownRows:
        path = f"{IMPORTS}/projects/{project_id}/rows"
        return await self._call("GET", path, schema.KnownRows, timeout=WORK_SECONDS)

    async def save_known_rows(self, project_id: str, upload: Upload) -> schema.KnownRowsSaved:
        path = f"{IMPORTS}/projects/{project_id}/rows"
        return await self._call(
            "PUT", path, schema.KnownRowsSaved, upload=upload, timeout=WORK_SECONDS
        )

    async def save_import_settings(
        self, project_id: str, body: schema.SettingsSaved
    ) -> schema.SettingsSaved:
        path = f"{IMPORTS}/projects/{project_id}/settings"
        return await self._call("PUT", path, schema.SettingsSaved, body=body)
