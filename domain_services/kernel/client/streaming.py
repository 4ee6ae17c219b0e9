"""Client of routes that answer as server-sent events."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import httpx
import orjson
from pydantic import BaseModel

from domain_services.kernel import context
from domain_services.kernel.client.http_client import (
    FAIR_SHARE,
    Lost,
    PeerRefused,
    ServiceClient,
    explanation_of,
)
from domain_services.kernel.errors import Problem, Unavailable

MEDIA_TYPE = "text/event-stream"


class ServerEvent(NamedTuple):
    """One event of a stream."""

    name: str
    """Kind of the event."""
    data: Any
    """Its JSON."""


class StreamingClient(ServiceClient):
    """Base of the clients whose service streams answers."""

    answer_codes: frozenset[str] = frozenset()
    """Codes of 503 answers that tell a person what to set, and are no failure of the service."""

    async def events(
        self, path: str, *, body: BaseModel, key: str | None = None, timeout: float
    ) -> AsyncGenerator[ServerEvent]:
        """Send a POST once, and give the events of its answer as they come.

        `timeout` in seconds covers the whole stream. Raises: `PeerRefused` for a refusal before the
        first event, `Unavailable` for anything worse; `Lost` when the stream ends too soon.
        """
        seconds = self._budget(timeout)
        until = time.monotonic() + seconds
        headers = self._headers("application/json", key, None) | {"Accept": MEDIA_TYPE}
        headers[context.DEADLINE_HEADER] = str(max(int(seconds * 1000), 1))
        request = self._http.build_request(
            "POST",
            self._base_url + path,
            content=body.model_dump_json(),
            headers=headers,
            timeout=None,
        )
        response: httpx.Response | None = None
        try:
            async with self.breaker.guard(FAIR_SHARE * self._patience), _until(until):
                response = await self._http.send(request, stream=True)
                await self._check(response)
            events = parse(response.aiter_lines())
            while True:
                async with _until(until):
                    event = await anext(events, None)
                if event is None:
                    return
                yield event
        except TimeoutError as error:
            raise Lost(self.peer, f"did not answer within {seconds:.1f} s", False) from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Lost(self.peer, f"cannot be reached: {reason}", False) from error
        except ValueError as error:
            detail = f"{self.peer} sent an event that cannot be read; use one release of both"
            raise Unavailable(detail, peer=self.peer) from error
        finally:
            if response is not None:
                await response.aclose()

    def problem_of(self, document: Mapping[str, Any]) -> Problem:
        """Return the error of a stream's event `error`: as `_call` would raise it."""
        status = int(document.get("status", 500))
        if status < 500 or document.get("code") in self.answer_codes:
            return PeerRefused(self.peer, status, document)
        return Lost(self.peer, f"answered {status}: {document.get('detail')}", False)

    async def _check(self, response: httpx.Response) -> None:
        """Check the status of an answer. Raises: `Lost`, `Later`, `PeerRefused`."""
        if response.is_success:
            return
        await response.aread()
        if response.status_code >= 500:
            with suppress(ValueError, AttributeError):
                if response.json().get("code") in self.answer_codes:
                    raise self._refusal(response)
            words = explanation_of(response)
            raise Lost(self.peer, f"answered {response.status_code}", False, words)
        raise self._refusal(response)


def _until(moment: float) -> asyncio.Timeout:
    return asyncio.timeout(max(moment - time.monotonic(), 0))


async def parse(lines: AsyncIterable[str]) -> AsyncGenerator[ServerEvent]:
    """Parse the lines of a stream; comments, as pings are, are dropped.

    Raises: `ValueError` for data that is no JSON.
    """
    name, data = "message", ""
    async for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data += value
        elif not line:
            if data:
                yield ServerEvent(name, orjson.loads(data))
            name, data = "message", ""
