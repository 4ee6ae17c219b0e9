"""Bearer keys, and the routes that their roles and scopes allow.

A viewer reads, an operator also does everyday work, an admin also what `ADMIN` marks. A service
key is an operator within its scope: the services, or routes of services, that it names.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request

from domain_services.kernel.errors import Forbidden, Unauthorized
from domain_services.kernel.settings import AuthSettings, Role

READY_PATH = "/health/ready"
OPEN_PATHS = frozenset({"/health", READY_PATH, "/health/serving", "/metrics"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

ROLE_FIELD = "x-required-role"  # of an operation in OpenAPI


@dataclass(frozen=True)
class Identity:
    """Caller of a request."""

    name: str
    """Name of the key."""
    role: Role
    scope: re.Pattern[str] | None = None
    """The "METHOD /path" that a service key may call here; None for other roles."""


class KeyRing:
    """Hashes of the keys that may call `service`."""

    def __init__(self, settings: AuthSettings, service: str) -> None:
        self._keys = tuple(
            (key.sha256, Identity(key.name, key.role, _scope(key.calls, service)))
            for key in settings.keys
        )

    def identify(self, authorization: str | None) -> Identity:
        """Return the caller of a request. Raises: `Unauthorized` without a known bearer key."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized(
                "send an API key as 'Authorization: Bearer <key>'",
                headers={"WWW-Authenticate": "Bearer"},
            )
        digest = hashlib.sha256(token.strip().encode()).hexdigest()
        for known, identity in self._keys:
            if hmac.compare_digest(known, digest):
                return identity
        raise Unauthorized(
            "this API key is not known; ask an admin for one",
            headers={"WWW-Authenticate": "Bearer"},
        )


def authorise(identity: Identity, method: str, path: str) -> None:
    """Check the role and scope. Raises: `Forbidden` when they do not allow the request."""
    if identity.role == "viewer" and method not in _READING:
        raise Forbidden("a viewer key may only read; use an operator key")
    if identity.role == "service" and (
        identity.scope is None or identity.scope.fullmatch(f"{method} {path}") is None
    ):
        raise Forbidden(f"the key of {identity.name} is not for this route")


async def require_admin(request: Request) -> None:
    """Check that the caller is an admin. Raises: `Forbidden`."""
    identity: Identity = request.scope["dsm.identity"]
    if identity.role != "admin":
        raise Forbidden("this route needs an admin key; call it with one")


# Of a route: `@router.put("/...", **ADMIN)`.
ADMIN: dict[str, Any] = {
    "dependencies": [Depends(require_admin)],
    "openapi_extra": {ROLE_FIELD: "admin"},
}


def _scope(calls: Iterable[str], service: str) -> re.Pattern[str] | None:
    """Compile the `calls` of `service` to one pattern of "METHOD /path"; None without any."""
    parts = [call.partition(" ") for call in calls]
    own = [_pattern(route or "** /**") for name, _, route in parts if name == service]
    return re.compile("|".join(own), re.DOTALL) if own else None


def _pattern(route: str) -> str:
    """Translate a route: `*` matches one part of a path, `**` any number of them."""
    return re.escape(route).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
