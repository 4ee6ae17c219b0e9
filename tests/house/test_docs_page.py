"""The page /docs: examples that are valid, and who may read it."""

import base64
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from deploy.catalogue import SERVICES
from domain_services.kernel.web.auth import OPEN_PATHS
from tests.conftest import ADMIN_KEY
from tests.house.conftest import NAMES, STRANGER_KEY, Operation, described_app, make_app, operations

SPECS = {spec.name: spec for spec in SERVICES}
PARTS = ("/docs", "/openapi.json", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js")
OTHER_MACHINE = ("192.0.2.7", 40000)


def browser(app: FastAPI, peer: tuple[str, int] = ("127.0.0.1", 40000)) -> httpx.AsyncClient:
    """Return a client without a key, as a browser is."""
    transport = httpx.ASGITransport(app, client=peer)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8100")


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"me:{key}".encode()).decode()}


def served(name: str) -> Iterator[tuple[APIRoute, Operation]]:
    """Yield each documented operation with its route."""
    app = described_app(name)
    routes = {
        f"{method} {route.path_format}": route
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    for operation in operations(app.openapi()):
        if operation.name in routes:
            yield routes[operation.name], operation


@pytest.mark.parametrize("name", NAMES)
def test_every_request_body_has_an_example_that_is_valid(name: str) -> None:
    faults: list[str] = []
    for route, operation in served(name):
        if route.body_field is None:
            continue
        content = operation.spec["requestBody"]["content"]["application/json"]
        if "example" not in content:
            faults.append(f"{operation.name}: add an example to the examples.py of the service")
            continue
        _, errors = route.body_field.validate(content["example"], {}, loc=("body",))
        faults += [f"{operation.name}: {error}" for error in errors or ()]
    assert faults == []


@pytest.mark.parametrize("name", NAMES)
def test_every_required_parameter_has_an_example_that_is_valid(name: str) -> None:
    faults: list[str] = []
    for route, operation in served(name):
        dependant = route.dependant
        fields = {field.alias: field for field in (*dependant.path_params, *dependant.query_params)}
        for parameter in operation.spec.get("parameters", []):
            if not parameter.get("required"):
                continue
            example = (parameter["schema"].get("examples") or [parameter.get("example")])[0]
            if example is None:
                faults.append(f"{operation.name}: {parameter['name']} has no example")
            elif parameter["name"] in fields:
                _, errors = fields[parameter["name"]].validate(example, {}, loc=("path",))
                faults += [f"{operation.name}: {error}" for error in errors or ()]
    assert faults == []


@pytest.mark.parametrize("name", NAMES)
def test_the_document_asks_for_a_bearer_key(name: str) -> None:
    document = described_app(name).openapi()
    scheme = document["components"]["securitySchemes"]["api_key"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for operation in operations(document):
        is_open = operation.path in OPEN_PATHS
        assert operation.spec.get("security") == (None if is_open else [{"api_key": []}])


class _Assets(HTMLParser):
    """Addresses that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        address = values.get("src") or values.get("href")
        if address and not address.startswith("data:"):
            self.addresses.append(address)


async def test_the_page_opens_on_this_machine_and_loads_nothing_from_elsewhere() -> None:
    app = make_app(SPECS["project"])
    async with browser(app) as http:
        page = await http.get("/docs")
        assert page.status_code == 200
        assert "script-src 'self';" in page.headers["content-security-policy"]
        assets = _Assets()
        assets.feed(page.text)
        assert len(assets.addresses) == 3
        for address in assets.addresses:
            assert "://" not in address
            assert (await http.get(f"/{address}")).status_code == 200
        start = (await http.get("/docs/start.js")).text
        assert 'url: "openapi.json"' in start
        document = (await http.get("/openapi.json")).json()
        assert "/projects" in document["paths"]
        # Only the page is open: its routes still need a key.
        assert (await http.get("/projects")).status_code == 401
        assert (await http.post("/docs")).status_code == 401


@pytest.mark.parametrize("path", PARTS)
async def test_elsewhere_a_browser_is_asked_for_a_key(path: str) -> None:
    app = make_app(SPECS["project"], host="0.0.0.0")
    async with browser(app, OTHER_MACHINE) as http:
        refused = await http.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert (await http.get(path, headers=basic("wrong"))).status_code == 401
        assert (await http.get(path, headers={"Authorization": "Basic ?"})).status_code == 401
        assert (await http.get(path, headers=basic(STRANGER_KEY))).status_code == 403
        assert (await http.get(path, headers=basic(ADMIN_KEY))).status_code == 200
        bearer = {"Authorization": f"Bearer {ADMIN_KEY}"}
        assert (await http.get(path, headers=bearer)).status_code == 200
        # A browser sends the key with every request from then on: no other route accepts it so.
        assert (await http.get("/projects", headers=basic(ADMIN_KEY))).status_code == 401


@pytest.mark.parametrize(
    ("host", "peer", "headers"),
    [
        ("0.0.0.0", ("127.0.0.1", 40000), {}),
        ("127.0.0.1", ("127.0.0.1", 40000), {"Host": "rebound.example"}),
        ("127.0.0.1", ("127.0.0.1", 40000), {"X-Forwarded-For": "192.0.2.7"}),
        ("127.0.0.1", OTHER_MACHINE, {}),
    ],
)
async def test_a_service_that_others_reach_is_not_open(
    host: str, peer: tuple[str, int], headers: dict[str, str]
) -> None:
    async with browser(make_app(SPECS["project"], host=host), peer) as http:
        assert (await http.get("/openapi.json", headers=headers)).status_code == 401


@pytest.mark.parametrize("name", ["localhost:8101", "127.0.0.1", "[::1]:8101"])
async def test_all_names_of_this_machine_open_the_page(name: str) -> None:
    async with browser(make_app(SPECS["project"])) as http:
        assert (await http.get("/docs", headers={"Host": name})).status_code == 200
