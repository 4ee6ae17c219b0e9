"""HTTP client of a tracker: it retries, waits within bounds, and sends the token to one host."""

import base64
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from agent.importing.sources import limits
from agent.importing.sources.addresses import check_url
from agent.importing.sources.answers import Refusal, refusal_of
from agent.importing.sources.errors import SourceRefused, SourceUnavailable
from agent.importing.sources.last_read import TrackerTime
from agent.importing.sources.rate_limits import Clock, limit_pause
from agent.importing.sources.source_request import ReadProgress

Progress = Callable[[ReadProgress], None]
_LOGIN = re.compile(r"(?<![a-z])(?:log-?in|sign[-_]?in|sso|saml2?|oauth2?|authorize)(?![a-z])")
RETRIED = frozenset({429, 502, 503, 504})
# A part of an answer unpacks to a thousand times its size at most.
_PACKINGS = frozenset({"gzip", "deflate", "identity", ""})


class BodyTooLarge(SourceRefused):
    """An answer larger than is read; a smaller page may fit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON answer of a tracker."""

    json: Any
    """Parsed body."""
    headers: Mapping[str, str]
    """Headers, found by names in any case."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Answer of a tracker before it is judged."""

    status: int
    """HTTP status."""
    headers: Mapping[str, str]
    """Headers, found by names in any case."""
    body: bytes
    """Decompressed body, at most MAX_BODY_BYTES."""


class Interrupted(Exception):
    """A try without a usable answer; the next one may get it."""


@dataclass
class TrackerClient:
    """Client of one tracker; use it in a `with` statement of `open_client`."""

    base: str
    """Base URL, without a slash at the end."""
    http: httpx.Client
    """Connections; its headers carry the credentials."""
    progress: Progress
    """Called with each step; what it raises stops the read."""
    refusals: Refusal
    """Words of this tracker for 401, 403 and 404."""
    insecure_http: bool = False
    """True when http:// was allowed beyond this machine."""
    clock: Clock = field(default_factory=Clock)
    """Time."""
    waited_seconds: float = 0.0
    """Time that limits took so far."""
    time: TrackerTime = field(default_factory=TrackerTime)
    """Time of the tracker."""

    def first_moment(self) -> datetime:
        """Return the moment before the first request, in UTC."""
        return self.time.first_moment(self.clock.now())

    def minutes_since(self, moment: datetime) -> int:
        """Return the minutes since a moment by the tracker's own clock, rounded up."""
        return self.time.minutes_since(moment, self.clock.now())

    def hide(self, text: str) -> str:
        """Return a tracker's words without the credentials, which some repeat in a refusal."""
        for secret in secrets_in(self.http.headers):
            text = text.replace(secret, "***")
        return text

    def address(self, path: str, params: Mapping[str, str | int]) -> str:
        """Return the whole URL of a path below the base."""
        return f"{self.base}{path}?{urlencode(params)}"

    def get(self, url: str) -> Answer:
        """Read a path below the base, or a whole URL of the same host.

        Raises: `SourceRefused`, `SourceUnavailable`.
        """
        return self._call("GET", url, None)

    def post(self, url: str, body: Mapping[str, Any]) -> Answer:
        """Read by a question in a body. Raises: `SourceRefused`, `SourceUnavailable`."""
        return self._call("POST", url, body)

    def _call(self, method: str, url: str, body: Mapping[str, Any] | None) -> Answer:
        url = url if "://" in url else self.base + url
        for _ in range(limits.MAX_REDIRECTS + 1):
            self._check_host(url)
            raw = self._with_retries(method, url, body)
            if raw.status not in (301, 302, 303, 307, 308):
                return self._judged(raw, url)
            url = self._redirected(raw, url, method)
        raise SourceRefused(
            f"{self.base} redirects in a circle; give the address that the browser ends at."
        )

    def _check_host(self, url: str) -> None:
        """Keep the token at its host. Raises: `SourceRefused`."""
        ours, theirs = urlsplit(self.base), urlsplit(url)
        if (ours.scheme, ours.netloc.lower()) == (theirs.scheme, theirs.netloc.lower()):
            return
        raise SourceRefused(
            f"{self.base} refers to {theirs.scheme}://{theirs.netloc}, and the token is sent to no "
            "other address. When that one is the tracker itself, give it as the URL."
        )

    def _redirected(self, raw: RawAnswer, url: str, method: str) -> str:
        location = urljoin(url, raw.headers.get("location", ""))
        if looks_like_login(location):
            raise SourceRefused(
                f"{self.base} sends to a login page ({urlsplit(location).netloc}): the token is "
                "not accepted here. Check it, and that it may be used without single sign-on."
            )
        if method == "POST" and raw.status not in (307, 308):
            raise SourceRefused(
                f"{self.base} has moved to {urlsplit(location).path}; give its new address."
            )
        return location

    def _with_retries(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
    ) -> RawAnswer:
        failures, reason, limit_waits = 0, "", 0
        while failures < limits.TRIES:
            if failures:
                self._pause_after(failures)
            try:
                raw = self._try(method, url, body)
            except Interrupted as error:
                failures, reason = failures + 1, str(error)
                continue
            pause = limit_pause(raw.status, raw.headers, raw.body, self.clock.now())
            if pause is not None and limit_waits < limits.MAX_LIMIT_WAITS:
                limit_waits += 1
                self._wait_for_limit(pause)
            elif raw.status in RETRIED:
                failures, reason = failures + 1, f"answered {raw.status}"
            else:
                return raw
        raise SourceUnavailable(
            f"{self.base} {reason} {limits.TRIES} times in a row. Nothing was stored: try again "
            "later, or check the address and the network.",
            retry_after_seconds=60,
        )

    def _pause_after(self, failures: int) -> None:
        longest = min(limits.MAX_PAUSE_SECONDS, limits.FIRST_PAUSE_SECONDS * 2.0**failures)
        self.clock.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - it spreads callers

    def _wait_for_limit(self, seconds: float) -> None:
        # A second more: the clocks of two machines differ.
        seconds = max(1.0, seconds + 1.0)
        whole = self.waited_seconds + seconds
        if seconds > limits.MAX_WAIT_SECONDS or whole > limits.MAX_WAITS_SECONDS:
            moment = time.strftime("%H:%M UTC", time.gmtime(self.clock.now() + seconds))
            raise SourceUnavailable(
                f"{self.base} lets the next request through at {moment}, in "
                f"{duration_text(seconds)}: its limit of requests is used up. Nothing was stored; "
                "run the command again then.",
                retry_after_seconds=int(seconds),
            )
        self.waited_seconds = whole
        self.progress(
            ReadProgress(f"waits {duration_text(seconds)}: the tracker's limit is reached", 0, None)
        )
        self.clock.sleep(seconds)

    def _try(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
    ) -> RawAnswer:
        """Send one request. Raises: `Interrupted` when another try may succeed."""
        ends, sent = time.monotonic() + limits.ANSWER_SECONDS, self.clock.now()
        try:
            with self.http.stream(method, url, json=body) as response:
                date_header = response.headers.get("date", "")
                self.time.note(sent, self.clock.now(), date_header)
                received = self._received(response, ends)
                return RawAnswer(response.status_code, response.headers, received)
        except httpx.ConnectError as error:
            if "CERTIFICATE" in str(error).upper():
                raise SourceRefused(
                    f"The certificate of {self.base} is not trusted. When it is your company's "
                    "own, name its authority by the variable SSL_CERT_FILE."
                ) from None
            raise Interrupted("cannot be reached") from None
        except httpx.TimeoutException:
            raise Interrupted("is silent") from None
        except (httpx.TransportError, httpx.DecodingError):
            raise Interrupted("broke off its answer") from None
        except (httpx.InvalidURL, ValueError):
            raise SourceRefused(f"{self.base} gives an address that cannot be read.") from None

    def _received(self, response: httpx.Response, ends: float) -> bytes:
        # A few bytes in another packing, or packed twice, unpack to more than the memory holds.
        packings = response.headers.get_list("content-encoding", split_commas=True)
        if len(packings) > 1 or not {name.strip().lower() for name in packings} <= _PACKINGS:
            raise SourceRefused(
                f"{self.base} packs its answer in a way that nobody asked for: check that the URL "
                "is the tracker's own."
            )
        chunks, size = list[bytes](), 0
        stated = response.headers.get("content-length", "")
        too_large = stated.isdigit() and int(stated[:15]) > limits.MAX_BODY_BYTES
        for chunk in () if too_large else response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > limits.MAX_BODY_BYTES:
                too_large = True
                break
            if time.monotonic() > ends:
                raise Interrupted("does not end its answer")
        if too_large:
            raise BodyTooLarge(
                f"{self.base} answers with more than {limits.MAX_BODY_BYTES >> 20} MB, which no "
                "page of tasks has: check that the URL is the tracker's own."
            )
        return b"".join(chunks)

    def _judged(self, raw: RawAnswer, url: str) -> Answer:
        """Parse the body of a success. Raises: `SourceRefused` for all else."""
        if raw.status >= 500:
            raise SourceUnavailable(
                f"{self.base} answered {raw.status}, a fault of its own. Nothing was stored: try "
                "again later.",
                retry_after_seconds=60,
            )
        is_page = raw.body.lstrip()[:1] == b"<" or "html" in raw.headers.get("content-type", "")
        if raw.status != 200 or is_page:
            body = self.hide(raw.body.decode(errors="replace")).encode()
            raise refusal_of(self.refusals, self.base, urlsplit(url).path, raw.status, body)
        try:
            return Answer(json.loads(raw.body), raw.headers)
        except (ValueError, RecursionError):
            raise SourceRefused(
                f"{self.base}{urlsplit(url).path} answered with something that is not whole JSON "
                f"({len(raw.body):,} bytes). Try again; when it happens once more, a proxy on the "
                "way cuts or changes the answers."
            ) from None


def secrets_in(headers: Mapping[str, str]) -> list[str]:
    """Return the texts of credentials in headers, also those that are encoded in them."""
    secrets = [headers.get("private-token", "")]
    kind, _, value = headers.get("authorization", "").partition(" ")
    secrets.append(value)
    if kind == "Basic":
        secrets.append(base64.b64decode(value).decode().partition(":")[2])
    return [secret for secret in secrets if secret]


def looks_like_login(location: str) -> bool:
    """Return True for the address of a login or single sign-on page."""
    return _LOGIN.search(location.lower()) is not None


def duration_text(seconds: float) -> str:
    """Return a duration such as `42 s` or `58 minutes`."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


@contextmanager
def open_client(
    base: str,
    headers: Mapping[str, str],
    refusals: Refusal,
    progress: Progress,
    *,
    insecure_http: bool = False,
    clock: Clock | None = None,
) -> Iterator[TrackerClient]:
    """Open the client of a tracker; `headers` carry the credentials. Raises: `SourceRefused`."""
    check_url(base, insecure_http=insecure_http)
    common = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": "digital-scrum-master",
    }
    timeout = httpx.Timeout(limits.SILENCE_SECONDS, connect=limits.CONNECT_SECONDS)
    with httpx.Client(headers={**common, **headers}, timeout=timeout) as http:
        yield TrackerClient(base, http, progress, refusals, insecure_http, clock or Clock())
