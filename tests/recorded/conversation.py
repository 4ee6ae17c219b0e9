"""Calls between services on a cassette: hosts by name, and placeholders for what always differs.

A test plays them with no service running. The same calls recorded again give the same bytes.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import vcr
import yaml

FOLDER = Path(__file__).parent / "cassettes"
MOMENT = "2026-03-02T08:00:00Z"

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
# None runs here: how often it was tried before decides what is said of it.
_NO_EMBEDDING = re.compile(r"recall: [^\"]*embedding_service[^\"]*")
_VERSION = re.compile(r"(?<=project-orchestrator )\d+\.\d+\.\d+")


@dataclass
class Conversation:
    """Calls of one service to others, whose base URLs are `urls` by name."""

    urls: Mapping[str, str]
    """Base URLs of the peers on this machine, by their names."""
    key: str
    """API key of the calls; those with another one are not recorded."""
    sent: list[tuple[str, str, Any]] = field(default_factory=list[tuple[str, str, Any]])
    """Method, address and body of each different call of this run, with placeholders."""

    @contextmanager
    def on_cassette(self, name: str, record_mode: str) -> Iterator[Any]:
        """Play the cassette `name`, or record it when the mode is not `none`."""
        path = FOLDER / f"{name}.yaml"
        recording = record_mode != "none"
        if recording:
            path.unlink(missing_ok=True)
        player = vcr.VCR(
            record_mode="all" if recording else "none",
            match_on=["method", "host", "path", "query", "body"],
            before_record_request=self._request,
            before_record_response=masked_response,
            decode_compressed_response=True,
        )
        with player.use_cassette(str(path)) as cassette:
            self.sent.clear()  # loading a cassette passes its own requests
            yield cassette
        if recording:
            sort_calls(path)

    def bodies(self, method: str, address: str) -> list[Any]:
        """Return the bodies that were sent to an address."""
        return [body for verb, place, body in self.sent if (verb, place) == (method, address)]

    def _request(self, request: Any) -> Any:
        """Return what is matched and recorded of a request; None for one of somebody else."""
        address = urlsplit(request.uri)
        base = f"{address.scheme}://{address.netloc}"
        name = next((name for name, url in self.urls.items() if url == base), None)
        if name is None:
            # A request of the cassette itself has its host's name already.
            return request if address.netloc.endswith(".test") else None
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return None
        request.uri = masked(request.uri.replace(base, f"http://{name}.test"))
        request.headers = {}
        body = request.body and masked(text_of(request.body))
        request.body = body and body.encode()
        place = request.uri.removeprefix("http://")
        call = (request.method, place, body and json.loads(body))
        # One request passes here several times.
        if call not in self.sent:
            self.sent.append(call)
        return request


def masked(text: str) -> str:
    """Replace what differs from run to run: moments, random ids, hashes, this version."""
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        return f"00000000-0000-0000-0000-{numbers.setdefault(match[0], len(numbers) + 1):012}"

    text = _NO_EMBEDDING.sub("recall: no embedding service", _MOMENT.sub(MOMENT, text))
    text = _VERSION.sub("0.0.0", text)
    return _UUID.sub(numbered, _SHA256.sub("0" * 64, text))


def sort_calls(path: Path) -> None:
    """Put the calls of a cassette in an order that does not depend on who answered first."""
    content = yaml.safe_load(path.read_text())
    content["interactions"].sort(
        key=lambda call: (
            call["request"]["uri"],
            call["request"]["method"],
            str(call["request"]["body"]),
        )
    )
    path.write_text(yaml.dump(content, width=100, allow_unicode=True))


def masked_response(response: dict[str, Any]) -> dict[str, Any]:
    """Return what is recorded of an answer: status, type, and the body with placeholders."""
    headers = {
        name: value for name, value in response["headers"].items() if name.lower() == "content-type"
    }
    body = {"string": masked(text_of(response["body"]["string"])).encode()}
    return {"status": response["status"], "headers": headers, "body": body}


def text_of(body: bytes | str) -> str:
    """Return a body as text."""
    return body if isinstance(body, str) else body.decode()
