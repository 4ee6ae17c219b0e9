"""Calls to a Kubernetes API server: each in a thread of its own pool, each with a deadline."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

import structlog
from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from agent.jobs.cluster.access import CONNECTIONS
from agent.jobs.cluster.objects import INSTANCE, MANAGED_BY, PRODUCT, PROJECT, SPEC_HASH, selector
from agent.jobs.cluster.problems import ClusterUnavailable, Gone, TokenRefused, problem_of

logger = structlog.get_logger()

CALL_SECONDS = 5.0
# The deadline of the socket comes first; this one ends a call whose answer trickles in.
GRACE_SECONDS = 1.0
PAGE = 200

Result = TypeVar("Result")


@dataclass(frozen=True)
class Live:
    """CronJob as the cluster has it."""

    name: str
    uid: str
    """Id of this object; another object of the same name has another."""
    version: str
    """Resource version; a write that names an older one is refused."""
    generation: int
    """Number of the specification, counted up by each change of it."""
    spec_hash: str | None
    """Hash of what we last wrote; None when somebody else wrote it."""
    instance: str | None
    """Installation that wrote it; None for a foreign object."""
    project: str | None
    """Label of the project; None without one."""
    last_due_at: datetime | None
    """Time of the last firing, as due; None before the first."""
    warnings: tuple[str, ...] = ()
    """Warnings with which the cluster accepted a write."""


class ClusterApi:
    """CronJobs of one namespace, and of one installation."""

    def __init__(
        self,
        open_client: Callable[[], client.ApiClient],
        namespace: str,
        installation: str,
        seconds: float = CALL_SECONDS,
    ) -> None:
        self.namespace = namespace
        self._open_client = open_client
        self._installation = installation
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="kubernetes")
        self._client: client.ApiClient | None = None

    def is_ours(self, live: Live) -> bool:
        """Tell whether this installation wrote an object."""
        return live.instance == self._installation

    def close(self) -> None:
        """Close the connections, and leave the threads that still wait to their deadlines."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()

    async def create(self, built: client.V1CronJob) -> Live:
        """Create an object. Raises: `AlreadyExists`, `ClusterRefused`, and what `read` raises."""
        return await self._write(
            "create", lambda api: api.create_namespaced_cron_job_with_http_info, built
        )

    async def replace(self, built: client.V1CronJob, over: Live) -> Live:
        """Replace the object that was read. Raises: `Modified`, `Gone`, and as `create`."""
        metadata = cast(client.V1ObjectMeta, built.metadata)
        copy = built.model_copy(
            update={
                "metadata": metadata.model_copy(
                    update={"uid": over.uid, "resource_version": over.version}
                )
            }
        )
        return await self._write(
            "update",
            lambda api: partial(api.replace_namespaced_cron_job_with_http_info, over.name),
            copy,
        )

    async def read(self, name: str) -> Live | None:
        """Read an object; None without one.

        Raises: `ClusterUnavailable`, `ClusterForbidden`, `TokenRefused`, `NamespaceMissing`.
        """
        try:
            answer = await self._call(
                "get",
                lambda api: api.read_namespaced_cron_job(
                    name, self.namespace, _request_timeout=self._seconds
                ),
            )
        except Gone:
            return None
        return _live(answer)

    async def delete(self, live: Live) -> bool:
        """Delete the object that was read; False when it is gone. Raises: `Modified`, as `read`."""
        # Its Jobs and their logs go with it, as the sprint's schedule has ended.
        options = client.V1DeleteOptions(
            propagation_policy="Background", preconditions=client.V1Preconditions(uid=live.uid)
        )
        try:
            await self._call(
                "delete",
                lambda api: api.delete_namespaced_cron_job(
                    live.name, self.namespace, body=options, _request_timeout=self._seconds
                ),
            )
        except Gone:
            return False
        return True

    async def list_ours(self) -> list[Live]:
        """List the installation's objects, page by page. Raises: as `read`."""
        try:
            return await self._list()
        except Gone:  # the list has changed too much since its first page
            return await self._list()

    async def _list(self) -> list[Live]:
        objects: list[Live] = []
        token: str | None = None
        while True:
            page = await self._call("list", partial(self._page, token))
            objects += [_live(item) for item in page.items]
            token = page.metadata.var_continue if page.metadata else None
            if not token:
                return objects

    def _page(self, token: str | None, api: client.BatchV1Api) -> client.V1CronJobList:
        return api.list_namespaced_cron_job(
            self.namespace,
            label_selector=selector(self._installation),
            limit=PAGE,
            _continue=token,
            _request_timeout=self._seconds,
        )

    async def _write(
        self, verb: str, method: Callable[[client.BatchV1Api], Any], built: client.V1CronJob
    ) -> Live:
        def send(api: client.BatchV1Api) -> tuple[client.V1CronJob, int, Any]:
            return method(api)(
                self.namespace,
                built,
                field_validation="Strict",
                _request_timeout=self._seconds,
            )

        written, _, headers = await self._call(verb, send)
        warnings = _warnings(headers)
        for warning in warnings:
            logger.warning("cluster.warning", cronjob=_live(written).name, warning=warning)
        return _live(written, warnings)

    async def _call(self, verb: str, send: Callable[[client.BatchV1Api], Result]) -> Result:
        try:
            return await self._attempt(verb, send)
        except TokenRefused:
            # The token of a pod is exchanged while it runs: read it again.
            self._client = None
        return await self._attempt(verb, send)

    async def _attempt(self, verb: str, send: Callable[[client.BatchV1Api], Result]) -> Result:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds + GRACE_SECONDS):
                return await loop.run_in_executor(self._threads, self._send, verb, send)
        except TimeoutError:
            raise ClusterUnavailable(
                f"the cluster did not answer within {self._seconds:g} s"
            ) from None

    def _send(self, verb: str, send: Callable[[client.BatchV1Api], Result]) -> Result:
        try:
            if self._client is None:
                self._client = self._open_client()
            return send(client.BatchV1Api(self._client))
        except ApiException as answer:
            raise problem_of(answer, verb, self.namespace) from answer
        except (HTTPError, OSError) as error:
            raise ClusterUnavailable(f"the cluster cannot be reached: {error}") from error
        except ValueError as error:  # a proxy's page in place of an object
            text = str(error).splitlines()[0]
            raise ClusterUnavailable(f"the cluster's answer cannot be read: {text}") from error


def _live(answer: client.V1CronJob, warnings: tuple[str, ...] = ()) -> Live:
    metadata = answer.metadata or client.V1ObjectMeta()
    labels, annotations = metadata.labels or {}, metadata.annotations or {}
    is_product = labels.get(MANAGED_BY) == PRODUCT
    return Live(
        name=metadata.name or "",
        uid=metadata.uid or "",
        version=metadata.resource_version or "",
        generation=metadata.generation or 0,
        spec_hash=annotations.get(SPEC_HASH),
        instance=labels.get(INSTANCE) if is_product else None,
        project=labels.get(PROJECT),
        last_due_at=answer.status.last_schedule_time if answer.status else None,
        warnings=warnings,
    )


def _warnings(headers: Any) -> tuple[str, ...]:
    """Return the texts of the headers `Warning: 299 - "text"`."""
    values: list[str] = headers.getlist("Warning") if hasattr(headers, "getlist") else []
    texts = (value.partition(" - ")[2].strip('"').replace('\\"', '"') for value in values)
    return tuple(text for text in texts if text)
