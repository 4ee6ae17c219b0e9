"""Cassettes answer recorded requests alone, and contain no secret and no machine's address."""

from pathlib import Path

import pytest
import vcr
from vcr.errors import CannotOverwriteExistingCassetteException

from domain_services.embedding.engines.ollama import Ollama
from tests.conftest import serving
from tests.ports import free_port
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


def test_committed_cassettes_are_small_and_name_no_machine() -> None:
    cassettes = list(FOLDER.glob("**/*.yaml"))
    assert len(cassettes) >= 5
    for path in cassettes:
        content = path.read_text()
        assert f"http://{ADDRESS}/" in content
        assert "127.0.0.1" not in content
        assert "authorization" not in content.lower()
        assert len(content) < 100_000
