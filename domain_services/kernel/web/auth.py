"""Bearer keys, and the routes that their roles and scopes allow.

A viewer reads, an operator also does everyday work, an admin also what `ADMIN` marks. A service
key is an operator within its scope: the services, or routes of services, that it names. What
`for_services` marks is for service keys within their scope and for admins.

The edge asks `Permissions` before it reads a body: nothing of a request is looked at, and no
stored answer is given, for a caller who may not send it.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from domain_services.kernel.errors import Forbidden, Unauthorized
from domain_services.kernel.people import PeopleFile, Person, describe_time
from domain_services.kernel.settings import AuthSettings
from domain_services.kernel.types import Role

READY_PATH = "/health/ready"
OPEN_PATHS = frozenset({"/health", READY_PATH, "/health/serving", "/metrics"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

# Of an operation in OpenAPI.
ROLE_FIELD = "x-required-role"
INSTEAD_FIELD = "x-use-instead"


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
        names = [key.name for key in settings.keys]
        self._people = PeopleFile(settings.keys_file, names) if settings.keys_file else None

    async def attention(self) -> list[str]:
        """Return what a person has to know about the file of people's keys."""
        return [] if self._people is None else self._people.sentences()

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
        for person in self._people.current().people if self._people else ():
            if hmac.compare_digest(person.sha256, digest):
                return _identity_of(person)
        raise Unauthorized(
            "this API key is not known; ask an admin for one",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _identity_of(person: Person) -> Identity:
    """Return the caller with a person's key. Raises: `Unauthorized` for one that was revoked."""
    if person.revoked_at is None:
        return Identity(person.name, person.role)
    raise Unauthorized(
        f"the API key of {person.name} was revoked at {describe_time(person.revoked_at)};"
        " ask an admin for another",
        headers={"WWW-Authenticate": "Bearer"},
    )


def authorise(identity: Identity, method: str, path: str, *, is_for_viewers: bool = False) -> None:
    """Check the role and scope. Raises: `Forbidden` when they do not allow the request.

    `is_for_viewers` lets a viewer send what is no reading method, to a route marked `VIEWER`.
    """
    if identity.role == "viewer" and method not in _READING and not is_for_viewers:
        raise Forbidden("a viewer key may only read; use an operator key")
    if identity.role == "service" and (
        identity.scope is None or identity.scope.fullmatch(f"{method} {path}") is None
    ):
        raise Forbidden(f"the key of {identity.name} is not for this route")


# Of a route: `@router.put("/...", **ADMIN)`.
ADMIN: dict[str, Any] = {"openapi_extra": {ROLE_FIELD: "admin"}}

# Of a route that reads by another method than GET, or checks the role of each part by itself.
VIEWER: dict[str, Any] = {"openapi_extra": {ROLE_FIELD: "viewer"}}


def for_services(instead: str) -> dict[str, Any]:
    """Mark a route as one step of other services' work: `@router.put("/...", **for_services(...))`.

    `instead` tells a person what to call; it ends the refusal.
    """
    return {"openapi_extra": {ROLE_FIELD: "service", INSTEAD_FIELD: instead}}


class Permissions:
    """Roles that the routes of one service require."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = [route for route in routes if isinstance(route, APIRoute)]
        self._for_viewers = [route for route in self._routes if _required(route) == "viewer"]
        self._restricted = [
            route for route in self._routes if _required(route) not in (None, "viewer")
        ]

    def is_for_viewers(self, method: str, path: str) -> bool:
        """Check that the request's route is marked `VIEWER`."""
        return any(_is_for(route, method, path) for route in self._for_viewers)

    def check(self, identity: Identity, method: str, path: str) -> None:
        """Check the role that the request's route requires. Raises: `Forbidden`."""
        if identity.role == "admin":
            return
        method = "GET" if method == "HEAD" else method
        # Nearly every request is for a route that any operator may call: it costs these few only.
        if not any(_is_for(route, method, path) for route in self._restricted):
            return
        route = next(route for route in self._routes if _is_for(route, method, path))
        required = _required(route)
        if required == "admin":
            raise Forbidden("this route needs an admin key; call it with one")
        if required == "service" and identity.role != "service":
            instead: str = (route.openapi_extra or {})[INSTEAD_FIELD]
            raise Forbidden(f"this route is a step of other services' work; {instead}")


def _required(route: APIRoute) -> str | None:
    return (route.openapi_extra or {}).get(ROLE_FIELD)


def _is_for(route: APIRoute, method: str, path: str) -> bool:
    return method in (route.methods or ()) and route.path_regex.match(path) is not None


def _scope(calls: Iterable[str], service: str) -> re.Pattern[str] | None:
    """Compile the `calls` of `service` to one pattern of "METHOD /path"; None without any."""
    parts = [call.partition(" ") for call in calls]
    own = [_pattern(route or "** /**") for name, _, route in parts if name == service]
    return re.compile("|".join(own), re.DOTALL) if own else None


def _pattern(route: str) -> str:
    """Translate a route: `*` matches one part of a path, `**` any number of them."""
    return re.escape(route).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
