"""The role of a request is that of the route that the router chooses."""

import pytest
from fastapi import APIRouter

from domain_services.kernel.errors import Forbidden
from domain_services.kernel.web.auth import ADMIN, Identity, Permissions, for_services

router = APIRouter()


@router.get("/things/open")
async def read_open() -> None: ...


@router.get("/things/{name}", **ADMIN)
async def read_thing(name: str) -> None: ...


@router.post("/things/{name}/steps", **for_services("call the other route"))
async def add_step(name: str) -> None: ...


@router.post("/things/{name}")
async def add_thing(name: str) -> None: ...


PERMISSIONS = Permissions(router.routes)
OPERATOR = Identity("operator", "operator")
SERVICE = Identity("sprint", "service")
ADMINISTRATOR = Identity("admin", "admin")


@pytest.mark.parametrize(
    ("identity", "method", "path"),
    [
        (OPERATOR, "GET", "/things/open"),
        (OPERATOR, "POST", "/things/a"),
        (OPERATOR, "GET", "/nowhere"),
        (SERVICE, "POST", "/things/a/steps"),
        (ADMINISTRATOR, "POST", "/things/a/steps"),
        (ADMINISTRATOR, "GET", "/things/a"),
    ],
)
def test_allowed(identity: Identity, method: str, path: str) -> None:
    PERMISSIONS.check(identity, method, path)


@pytest.mark.parametrize(
    ("identity", "method", "path", "detail"),
    [
        (OPERATOR, "GET", "/things/a", "admin key"),
        # HEAD answers what GET would, without the body: its length and its ETag.
        (OPERATOR, "HEAD", "/things/a", "admin key"),
        (SERVICE, "GET", "/things/a", "admin key"),
        (OPERATOR, "POST", "/things/a/steps", "call the other route"),
    ],
)
def test_refused(identity: Identity, method: str, path: str, detail: str) -> None:
    with pytest.raises(Forbidden, match=detail):
        PERMISSIONS.check(identity, method, path)
