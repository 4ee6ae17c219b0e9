"""Cassettes answer what was recorded, hold no secret and nothing of the recording machine."""

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
async def test_what_was_not_recorded_is_not_answered(texts: list[str]) -> None:
    (cassette,) = FOLDER.glob("**/test_a_probe_*.yaml")
    adapter = Ollama("http://127.0.0.1:9", budget_seconds=5)
    with vcr.use_cassette(str(cassette), record_mode="none", **CASSETTES) as playing:
        await adapter.probe()
        with pytest.raises(CannotOverwriteExistingCassetteException):
            await adapter.embed(texts)
    await adapter.close()
    assert playing.play_count == 1


async def test_a_key_that_is_sent_is_not_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)
    cassette, double, port = tmp_path / "cassette.yaml", OllamaDouble(), free_port()
    async with serving(double.app, port):
        adapter = Ollama(f"http://127.0.0.1:{port}", budget_seconds=5)
        with vcr.use_cassette(str(cassette), record_mode="all", **CASSETTES):
            await adapter.probe()
        await adapter.close()
    assert [headers["authorization"] for headers in double.headers] == [f"Bearer {KEY}"]
    written = cassette.read_text()
    assert "/api/embed" in written
    assert KEY not in written
    assert "authorization" not in written.lower()


def test_committed_cassettes_are_small_and_name_no_machine() -> None:
    cassettes = list(FOLDER.glob("**/*.yaml"))
    assert len(cassettes) >= 5
    for path in cassettes:
        written = path.read_text()
        assert f"http://{ADDRESS}/" in written
        assert "127.0.0.1" not in written
        assert "authorization" not in written.lower()
        assert len(written) < 100_000
