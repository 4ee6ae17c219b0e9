"""A served process drains on a signal, waits for its schema and refuses what is not safe."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.servers import EmbeddedServers
from domain_services.kernel.database import migrate
from tests.serving.conftest import BOUND_SECONDS, Serve, until


def test_process_answers_on_until_the_pause_ends_and_then_finishes(
    serve_process: Serve, tmp_path: Path
) -> None:
    served = serve_process("slow-one", DSM_DRAIN_SECONDS="60")
    served.until("/health/serving", 200)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(served.http.get, "/hold", params={"folder": str(tmp_path)})
        until((tmp_path / "held").exists, "the request is held")
        served.process.send_signal(signal.SIGTERM)
        served.until("/health/serving", 503)
        # A second one does not cut the pause short.
        served.process.send_signal(signal.SIGTERM)
        answers = [served.http.get("/quick") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert {answer.headers["connection"] for answer in answers} == {"close"}
        assert not (tmp_path / "given back").exists()
        # A person at a terminal does not wait for balancers.
        served.process.send_signal(signal.SIGINT)
        until((tmp_path / "given back").exists, "the lease is given back")
        assert not answer.done()
        until(lambda: served.status("/quick") is None, "no connection is accepted")
        (tmp_path / "go").touch()
        assert answer.result().json() == "held"
    code, err = served.end()
    assert code == 0
    events = [json.loads(line)["event"] for line in err.splitlines()]
    assert events[0] == "serving.started"
    assert events[-2:] == ["serving.draining", "serving.stopped"]


def test_process_waits_for_its_schema_and_is_alive_meanwhile(
    serve_process: Serve, servers: EmbeddedServers
) -> None:
    servers.create_databases(["serving_empty"])
    url = servers.database_url("serving_empty")
    served = serve_process("box", DSM_DATABASE_URL=url, DSM_REDIS_URL=servers.redis_url)
    served.until("/health", 200)
    waiting = served.http.get("/health/serving")
    assert (waiting.status_code, waiting.json()["reason"]) == (503, "schema")
    assert served.status("/shelves/a/count") == 503
    migrate.upgrade(url, "tests.kernel.box")
    served.until("/health/serving", 200)
    assert served.status("/shelves/a/count") == 200
    served.process.send_signal(signal.SIGINT)
    assert served.end()[0] == 0


def test_process_that_waits_for_its_schema_leaves_on_a_signal(
    serve_process: Serve, servers: EmbeddedServers
) -> None:
    servers.create_databases(["serving_never"])
    url = servers.database_url("serving_never")
    served = serve_process("box", DSM_DATABASE_URL=url, DSM_REDIS_URL=servers.redis_url)
    served.until("/health", 200)
    served.process.send_signal(signal.SIGTERM)
    assert served.end()[0] == 0


def test_process_that_is_told_to_stop_during_its_start_leaves_at_once(
    serve_process: Serve, tmp_path: Path
) -> None:
    served = serve_process("stuck-one")
    until((tmp_path / "starting").exists, "the start waits")
    served.process.send_signal(signal.SIGTERM)
    code, err = served.end()
    assert code == 0
    events = [json.loads(line)["event"] for line in err.splitlines()]
    assert events == ["serving.started", "serving.draining", "serving.stopped"]


def test_process_whose_log_cannot_be_written_serves_and_drains(serve_process: Serve) -> None:
    """Every request is slow, and so makes a line of the log."""
    served = serve_process("slow-one", DSM_SLOW_REQUEST_SECONDS="0.0000001", DSM_DRAIN_SECONDS="0")
    served.until("/health/serving", 200)
    assert served.process.stderr
    served.process.stderr.close()
    assert [served.status("/quick") for _ in range(3)] == [200, 200, 200]
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(BOUND_SECONDS) == 0


def test_process_without_a_database_to_serve_from_says_what_to_set(serve_process: Serve) -> None:
    assert serve_process("box").end() == (
        1,
        "error: box cannot start: no database is set; set DSM_DATABASE_URL\n",
    )


def test_process_without_keys_refuses_an_address_that_others_reach(serve_process: Serve) -> None:
    served = serve_process("slow-one", DSM_HOST="0.0.0.0", DSM_AUTH__KEYS="[]")
    assert served.end() == (
        1,
        "error: slow_one would listen on 0.0.0.0 without any API key;"
        " set DSM_AUTH__KEYS, or DSM_HOST=127.0.0.1\n",
    )


def test_variables_that_nothing_reads_are_named_in_the_log(serve_process: Serve) -> None:
    mistyped = {"DSM_POOLSIZE": "gravel", "DSM_PORT_80_TCP": "tcp://gravel:80"}
    served = serve_process("slow-one", **mistyped)
    served.until("/health/serving", 200)
    served.process.send_signal(signal.SIGINT)
    _, err = served.end()
    links, unknown = (json.loads(line) for line in err.splitlines()[:2])
    assert (unknown["event"], unknown["level"]) == ("settings.unknown_variable", "warning")
    assert (unknown["variable"], unknown["nearest"]) == ("DSM_POOLSIZE", "DSM_POOL_SIZE")
    assert (links["event"], links["variables"]) == ("settings.service_links", ["DSM_PORT_80_TCP"])
    assert "enableServiceLinks" in links["advice"]
    assert "gravel" not in err
