"""The page /docs: the API of a service, to read and to try in a browser, without another host.

Page and OpenAPI document are open on the own machine. Elsewhere a browser asks for an API key by
itself: HTTP Basic, with the key as the password (docs/adr/0091-docs-in-a-browser.md).
"""

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from html import escape
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.types import Scope

from domain_services.kernel.errors import Unauthorized

_PAGE_PATHS = frozenset({"/docs", "/openapi.json"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_PACKAGE = "fastapi_standalone_docs"  # Swagger UI with its licence, as files
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})

# Swagger UI sets style attributes; scripts come from this service alone.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'"
    " 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# The key is kept in the page alone, and no document is sent to a validator.
_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


def add(app: FastAPI) -> None:
    """Add the page, its script and its assets to an app."""

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE.format(title=escape(app.title)), headers=_HEADERS)

    @app.get("/docs/start.js", include_in_schema=False)
    async def start() -> Response:
        return Response(_START, media_type="text/javascript", headers=_HEADERS)

    for name, media_type in _ASSETS.items():
        _add_asset(app, name, media_type)


def _add_asset(app: FastAPI, name: str, media_type: str) -> None:
    @app.get(f"/docs/{name}", include_in_schema=False)
    async def asset() -> FileResponse:
        return FileResponse(_folder() / name, media_type=media_type, headers=_HEADERS)


def _folder() -> Path:
    # Found without an import: only the files of the package are used.
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {_PACKAGE} is not installed; run make install")
    return Path(spec.origin).parent / "static" / "swagger"


def is_page(scope: Scope) -> bool:
    """Check that a request reads the page, a part of it, or the OpenAPI document."""
    path: str = scope["path"]
    return scope["method"] in _READING and (path in _PAGE_PATHS or path.startswith("/docs/"))


def is_local(scope: Scope, headers: Mapping[bytes, bytes], host: str) -> bool:
    """Check that a request comes from this machine to a service that only this machine reaches.

    `host` is the address that the service listens on. A proxy in front is not this machine's user.
    """
    peer = scope.get("client")
    if peer is None or not (is_loopback(host) and is_loopback(peer[0])):
        return False
    # A page of another site may let its own name point to this machine, so the name counts too.
    name = headers.get(b"host", b"").decode("latin-1")
    return is_loopback(_without_port(name)) and not (_FORWARDED & headers.keys())


def is_loopback(host: str) -> bool:
    """Check that an address or name is of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bearer(authorization: str) -> str:
    """Return a header as a bearer key; one of HTTP Basic has the key as its password.

    Raises: `Unauthorized` with the challenge by which a browser asks for the key.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return authorization
    try:
        _, _, key = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise sign_in("this is no HTTP Basic header; send an API key as its password") from None
    return f"Bearer {key}"


def sign_in(detail: str) -> Unauthorized:
    """Return the refusal that makes a browser ask for a key."""
    challenge = 'Basic realm="DSM: an API key as the password", charset="UTF-8"'
    return Unauthorized(detail, headers={"WWW-Authenticate": f"{challenge}, Bearer"})


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
