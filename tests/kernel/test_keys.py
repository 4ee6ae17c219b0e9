"""Keys, roles and scopes: a request that they do not allow is refused before its route."""

import hashlib
from typing import Any

import pytest
from pydantic import ValidationError

from domain_services.kernel.errors import Forbidden, Unauthorized
from domain_services.kernel.settings import ApiKey, AuthSettings, KernelSettings
from domain_services.kernel.web.app import MissingSecret
from domain_services.kernel.web.auth import KeyRing, authorise
from tests.kernel.box.app import create_app

HASH = hashlib.sha256(b"dsm_key").hexdigest()


def may(calls: tuple[str, ...], request: str, service: str = "box-service") -> bool:
    key = ApiKey(name="caller", role="service", sha256=HASH, calls=calls)
    identity = KeyRing(AuthSettings(keys=(key,)), service).identify("Bearer dsm_key")
    method, _, path = request.partition(" ")
    try:
        authorise(identity, method, path)
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(
    ("calls", "request_line", "allowed"),
    [
        (("box-service",), "DELETE /anything/at/all", True),
        (("boxes-service",), "GET /a", False),
        (("box",), "GET /a", False),
        (("box-service GET /**",), "GET /a/b/c", True),
        (("box-service GET /**",), "POST /a/b/c", False),
        (("box-service POST /shelves/*/boxes",), "POST /shelves/s/boxes", True),
        (("box-service POST /shelves/*/boxes",), "POST /shelves/s/t/boxes", False),
        (("box-service POST /shelves/*/boxes",), "POST /shelves/s/boxes/1", False),
        (("box-service POST /shelves/*/boxes",), "PUT /shelves/s/boxes", False),
        (("box-service POST /a.b",), "POST /aXb", False),
        (("other-service", "box-service GET /a", "box-service GET /b"), "GET /b", True),
    ],
)
def test_a_service_key_reaches_only_what_it_names(
    calls: tuple[str, ...], request_line: str, allowed: bool
) -> None:
    assert may(calls, request_line) is allowed


@pytest.mark.parametrize(
    "values",
    [
        {"role": "service"},
        {"role": "service", "calls": ["Backlog Service"]},
        {"role": "service", "calls": ["box-service GET"]},
        {"role": "service", "calls": ["box-service (GET|POST) /a"]},
        {"role": "admin", "calls": ["box-service"]},
    ],
)
def test_key_with_an_unclear_scope_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ApiKey.model_validate({"name": "caller", "sha256": HASH} | values)


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic dsm_key", "dsm_key", "Bearer dsm_other"]
)
def test_request_without_a_known_key_is_unauthorized(authorization: str | None) -> None:
    ring = KeyRing(AuthSettings(keys=(ApiKey(name="a", role="admin", sha256=HASH),)), "box-service")
    with pytest.raises(Unauthorized) as refusal:
        ring.identify(authorization)
    assert refusal.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "10.0.0.1"])
def test_a_service_without_keys_does_not_start(host: str) -> None:
    with pytest.raises(MissingSecret, match="DSM_AUTH__KEYS"):
        create_app(KernelSettings(host=host, port=8101))
