"""The double as an ASGI app: routes, users, and the faults that a test asks for."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.kubernetes import statuses, validation
from tests.kubernetes.cluster import ACCOUNT, Cluster

PATH = re.compile(
    "/api(?:s/(?P<group>[^/]+))?/v1/namespaces/(?P<namespace>[^/]+)/(?P<resource>[^/]+)"
    "(?:/(?P<name>[^/]+))?"
)
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "$Format:%H$",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.27.3",
    "compiler": "gc",
    "platform": "linux/amd64",
}


@dataclass
class ApiServer:
    """API server over one `Cluster`; a fault lasts for the writes or requests it counts."""

    cluster: Cluster = field(default_factory=Cluster)
    lost_answers: int = 0
    """Writes that take effect, and whose connection then breaks."""
    dropped: int = 0
    """Requests whose connection breaks before anything is done."""
    refused_with: int | None = None
    """Status of every answer, with a page of a proxy; None: the cluster answers."""
    failures: dict[str, statuses.Failure] = field(default_factory=dict[str, statuses.Failure])
    """Refusals of the writes to objects of a name, as a policy, a quota or a webhook makes them."""
    delay: float = 0
    """Seconds before each answer begins."""
    trickle: float = 0
    """Seconds between two bytes of an answer that then never ends; 0: answers come as a whole."""
    on_write: Callable[[str, str], Awaitable[None]] | None = None
    """Called with method and name before a write takes effect."""
    requests: list[str] = field(default_factory=list[str])
    """Method and path of each request, with its query."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        self.requests.append(f"{request.method} {request.url.path}?{request.url.query}")
        body = await request.body()
        await asyncio.sleep(self.delay)
        if self.dropped:
            self.dropped -= 1
            await _break(send)
            return
        if self.refused_with is not None:
            answer = Response(
                "<html>a proxy's page</html>", self.refused_with, media_type="text/html"
            )
        else:
            answer = await self._answer(request, body)
        if self.lost_answers and request.method != "GET" and answer.status_code < 300:
            self.lost_answers -= 1
            await _break(send)
            return
        if self.trickle:
            await _trickle(send, receive, self.trickle)
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request, body: bytes) -> Response:
        try:
            code, content, warnings = await self._serve(request, json.loads(body or b"{}"))
        except statuses.Failure as failure:
            code, content, warnings = failure.code, failure.body, []
        answer = Response(json.dumps(content) + "\n", code, media_type="application/json")
        for warning in warnings:
            answer.headers.append("Warning", f"299 - {json.dumps(warning)}")
        return answer

    async def _serve(
        self, request: Request, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any], list[str]]:
        token = request.headers.get("authorization", "").partition(" ")[2]
        if token not in self.cluster.tokens:
            raise statuses.unauthorized()
        if request.url.path.rstrip("/") == "/version":
            return 200, VERSION, []
        if request.url.path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews":
            return 201, self._review(token, body), []
        parts = PATH.fullmatch(request.url.path)
        if parts is None:
            raise statuses.Failure(404, "the server could not find the requested resource")
        group, namespace, resource, name = parts.group("group", "namespace", "resource", "name")
        verb = VERBS.get(request.method) or ("get" if name else "list")
        if not self.cluster.may(token, verb, resource, group or "", namespace):
            raise statuses.forbidden(ACCOUNT, verb, resource, group or "", namespace)
        if resource != "cronjobs":
            raise statuses.Failure(404, "the server could not find the requested resource")
        if verb in ("get", "list"):
            return 200, self._read(request, namespace, name), []
        if failure := self.failures.get(name or body["metadata"]["name"]):
            raise failure
        if self.on_write is not None:
            await self.on_write(request.method, name or body["metadata"]["name"])
        return self._write(request, verb, namespace, name, body)

    def _read(self, request: Request, namespace: str, name: str | None) -> dict[str, Any]:
        if name:
            return self.cluster.read(namespace, name)
        query = request.query_params
        limit = int(query.get("limit") or 0)
        return self.cluster.list(
            namespace, query.get("labelSelector"), limit, query.get("continue")
        )

    def _write(
        self, request: Request, verb: str, namespace: str, name: str | None, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any], list[str]]:
        query, name = request.query_params, name or ""
        if verb == "delete":
            return 200, self.cluster.delete(namespace, name, body), []
        if verb == "patch":
            patched = self.cluster.patch(namespace, name, body)
            return 200, patched, self._warnings(patched, [])
        unknown = list(validation.unknown_fields(body))
        if unknown and query.get("fieldValidation") == "Strict":
            raise statuses.unknown_fields(unknown)
        if verb == "create":
            is_dry = query.get("dryRun") == "All"
            written = self.cluster.create(namespace, body, is_dry=is_dry)
        else:
            written = self.cluster.replace(namespace, name, body)
        return 201 if verb == "create" else 200, written, self._warnings(written, unknown)

    def _warnings(self, written: dict[str, Any], unknown: list[str]) -> list[str]:
        restricted = validation.restricted_warnings(written) if self.cluster.warns else []
        return [*(f'unknown field "{path}"' for path in unknown), *restricted]

    def _review(self, token: str, body: dict[str, Any]) -> dict[str, Any]:
        attributes = body["spec"]["resourceAttributes"]
        where = (
            attributes["verb"],
            attributes["resource"],
            attributes["group"],
            attributes["namespace"],
        )
        reason = (
            'RBAC: allowed by RoleBinding "dsm-cronjobs/dsm-jobs" of Role "dsm-cronjobs" to'
            ' ServiceAccount "dsm-orchestrator/dsm-jobs"'
        )
        is_allowed = self.cluster.may(token, *where)
        return {
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "metadata": {},
            "spec": body["spec"],
            "status": {"allowed": True, "reason": reason} if is_allowed else {"allowed": False},
        }


async def _break(send: Send) -> None:
    """Begin an answer and end it too early: the server then closes the connection."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _trickle(send: Send, receive: Receive, pause: float) -> None:
    """Send a space at a time until the caller leaves."""
    departure = asyncio.ensure_future(receive())
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    while not departure.done():
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.wait([departure], timeout=pause)
