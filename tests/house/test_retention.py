"""Every table, stream and cache has a line that says how long it is kept."""

import re
from pathlib import Path

import pytest

from deploy.catalogue import SERVICES as SERVICES_BY_DEFAULT
from deploy.catalogue import ServiceSpec, resolve
from deploy.local.servers import EmbeddedServers
from docs.generate import retention
from domain_services import events
from domain_services.kernel.database.retention import Rule
from domain_services.kernel.database.sizes import table_sizes
from domain_services.kernel.messaging.envelope import PublishedEvent, confirmations_key
from tests.conftest import Databases

PAGE = retention.PAGE.read_text()
SERVICES = pytest.mark.parametrize("spec", retention.stored(), ids=lambda spec: spec.name)
_CACHED = re.compile(r"^@(?:lru_)?cache\b.*\ndef (\w+)|^class (\w*Cache)\b", re.MULTILINE)


@SERVICES
def test_every_table_has_a_line(spec: ServiceSpec, databases: Databases) -> None:
    assert spec.migrations is not None
    url = databases.fresh(spec.migrations)
    tables = [table.table for table in retention.tables_of(spec)]
    assert set(table_sizes(url)) == set(tables), f"name each table in {spec.migrations}.retention"
    assert len(tables) == len(set(tables))
    databases.drop(url)


@SERVICES
def test_every_rule_has_a_setting_of_its_service(spec: ServiceSpec) -> None:
    fields = resolve(spec.settings).model_fields
    rules = [table for table in retention.tables_of(spec) if isinstance(table, Rule)]
    assert rules
    for rule in rules:
        assert rule.setting in fields
        assert fields[rule.setting].default >= 1


def test_the_page_agrees_with_the_lists() -> None:
    assert retention.replaced(PAGE) == PAGE, "run `make docs` and commit the result"


def test_every_stream_has_a_line() -> None:
    published = [
        kind
        for kind in vars(events).values()
        if isinstance(kind, type)
        and issubclass(kind, PublishedEvent)
        and kind is not PublishedEvent
    ]
    assert published
    for stream in {*events.READ_BY, *(kind.stream for kind in published)}:
        assert f"`{stream}`" in PAGE
    assert f"`{confirmations_key('*')}`" in PAGE


def test_every_cache_of_a_process_has_a_line(repository: Path) -> None:
    rooms = ("agent", "deploy", "domain_services", "graphs", "memory", "tools")
    sources = [path.read_text() for room in rooms for path in (repository / room).rglob("*.py")]
    caches = {"".join(names) for source in sources for names in _CACHED.findall(source)}
    assert "ProcessCache" in caches
    assert [name for name in sorted(caches) if f"`{name}`" not in PAGE] == []


def test_every_log_has_a_line() -> None:
    servers = EmbeddedServers(Path("unused"))
    folder = servers.folder
    for log in (folder.log, servers.postgres.log, servers.valkey.log):
        assert f"`{log.name}`" in PAGE
    assert f"`{folder.service_log(SERVICES_BY_DEFAULT[0].name).name}`" in PAGE
