"""Cassettes answer recorded requests alone, and contain no secret and no machine's address."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import vcr
from pytest_recording.plugin import get_default_cassette_name
from vcr.errors import CannotOverwriteExistingCassetteException

from domain_services.embedding.engines.ollama import Ollama
from tests.conftest import ADMIN_KEY, OPERATOR_KEY, SERVICE_KEY, serving
from tests.ports import free_port
from tests.recorded import (
    test_cluster,
    test_ollama_adapter,
    test_ollama_chat,
    test_orchestration,
    test_trackers,
)
from tests.recorded.conftest import ADDRESS, CASSETTES
from tests.recorded.ollama_double import OllamaDouble

KEY = "canary-7f3a91"
FOLDER = Path(__file__).parent / "cassettes"


@pytest.mark.parametrize("texts", [["probe", "one more"], ["prove"]])
async def test_unrecorded_request_is_not_answered(texts: list[str]) -> None:
    (cassette,) = FOLDER.glob("**/test_a_probe_*.yaml")
    adapter = Ollama("http://127.0.0.1:9", budget_seconds=5)
    with vcr.use_cassette(str(cassette), record_mode="none", **CASSETTES) as player:
        await adapter.probe()
        with pytest.raises(CannotOverwriteExistingCassetteException):
            await adapter.embed(texts)
    await adapter.close()
    assert player.play_count == 1


async def test_sent_key_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)
    cassette, double, port = tmp_path / "cassette.yaml", OllamaDouble(), free_port()
    async with serving(double.app, port):
        adapter = Ollama(f"http://127.0.0.1:{port}", budget_seconds=5)
        with vcr.use_cassette(str(cassette), record_mode="all", **CASSETTES):
            await adapter.probe()
        await adapter.close()
    assert [headers["authorization"] for headers in double.headers] == [f"Bearer {KEY}"]
    content = cassette.read_text()
    assert "/api/embed" in content
    assert KEY not in content
    assert "authorization" not in content.lower()


def test_committed_cassettes_are_small_and_name_no_machine_and_no_key() -> None:
    cassettes = list(FOLDER.glob("**/*.yaml"))
    assert len(cassettes) >= 12
    for path in cassettes:
        content = path.read_text()
        addresses = set(re.findall(r"uri: \w+://([^/]+)/", content))
        assert addresses, path
        assert all(address == ADDRESS or address.endswith(".test") for address in addresses)
        assert "127.0.0.1" not in content
        assert "authorization" not in content.lower()
        assert "Bearer " not in content
        assert not [key for key in (ADMIN_KEY, SERVICE_KEY, OPERATOR_KEY) if key in content]
        assert len(content) < 100_000


def test_each_cassette_is_played_by_a_test() -> None:
    """Compare the committed files with the names that the collected tests would play."""
    played = _names_of_tests() | {
        f"{cassette}.yaml"
        for cassette in (
            test_orchestration.CASSETTE,
            test_cluster.CASSETTE,
            *test_trackers.CASSETTES,
        )
    }
    committed = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("**/*.yaml")}
    assert committed - played == set(), "no test plays these; delete them"
    assert played - committed == set(), "these are missing; `make record` writes them"


def test_each_recording_of_kubernetes_is_played_by_a_test() -> None:
    tests = FOLDER.parent.parent
    text = "".join(path.read_text() for path in tests.glob("**/test_*.py"))
    for path in (FOLDER.parent / "kubernetes").glob("*.yaml"):
        assert f'"{path.stem}"' in text, f"no test plays {path.name}"


def _names_of_tests() -> set[str]:
    """Return the cassettes of the marked tests, as pytest-recording names them."""
    modules = [test_ollama_adapter, test_ollama_chat]
    names = set[str]()
    for module in modules:
        command = [sys.executable, "-m", "pytest", "-o", "addopts=", "--collect-only", "-q"]
        path = str(module.__file__)
        listed = subprocess.run([*command, path], capture_output=True, text=True, check=True)
        for line in listed.stdout.splitlines():
            if "::" in line:
                test = line.split("::", 1)[1]
                names.add(f"{Path(path).stem}/{get_default_cassette_name(None, test)}.yaml")
    return names


def test_every_module_with_cassettes_is_among_the_collected_ones() -> None:
    marked = {
        path.stem
        for path in FOLDER.parent.glob("test_*.py")
        if "pytestmark = pytest.mark.vcr" in path.read_text()
    }
    assert marked - {Path(__file__).stem} == {"test_ollama_adapter", "test_ollama_chat"}
