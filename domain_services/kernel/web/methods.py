"""Answers to HEAD and OPTIONS, and the methods of an address."""

from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope


def as_routed(scope: Scope) -> Scope:
    """Return the scope that routes see: HEAD is served as GET, its body is dropped later."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


def allowed(scope: Scope) -> bytes | None:
    """Return the methods of an address as the Allow header; None for an unknown address."""
    app = scope.get("app")
    routes: list[BaseRoute] = app.router.routes if app is not None else []
    methods: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    if not methods:
        return None
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods | {"OPTIONS"})).encode()
