"""Ctrl-C during an import, in a process of its own: one line, exit code 130, nothing left over."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import ClassVar

import pytest

from agent.importing.options import ImportOptions
from agent.importing.reading import refusals
from agent.importing.reading.files import recognise_files

HEAD = "id,project,created,finished\n"
ROW = "1,P,2016-06-06,2016-06-07\n"
SERVICES = ("project", "backlog", "sprint", "chronicle", "orchestrator")


@contextmanager
def importing(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start `dsm import csv` with a data folder of its own."""
    # A shell lets what it starts in the background ignore Ctrl-C, and each child inherits that.
    command = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT]);"
        "from agent.cli.main import main; main()"
    )
    variables = {name: value for name, value in os.environ.items() if not name.startswith("DSM_")}
    with subprocess.Popen(
        [sys.executable, "-c", command, "import", "csv", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables | {"DSM_AUTH__SERVICE_KEY": "k" * 40, "TMPDIR": str(folder)},
        cwd=folder,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def stop(process: subprocess.Popen[bytes], release: Callable[[], None] = lambda: None) -> str:
    """Send Ctrl-C, let what the process waits for go on, and return its stderr."""
    process.send_signal(signal.SIGINT)
    release()
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130, words.decode()
    return words.decode()


def test_stop_while_reading_imports_nothing(tmp_path: Path) -> None:
    with importing(tmp_path, "-", "--data-dir", "stack") as process:
        assert process.stdin is not None
        # More than a pipe holds: when it is written, the command reads.
        process.stdin.write((HEAD + ROW * 50_000).encode())
        process.stdin.flush()
        assert stop(process) == "Stopped: nothing was imported.\n"
    assert list(tmp_path.iterdir()) == []


def test_stop_while_known_rows_are_read_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text(HEAD + ROW)
    known = tmp_path / "stack" / "imports" / "P.json"
    known.parent.mkdir(parents=True)
    os.mkfifo(known)
    # The pipe opens as soon as the command reads its other end.
    with (
        importing(tmp_path, "tasks.csv", "--data-dir", "stack") as process,
        known.open("w") as stream,
    ):

        def release() -> None:
            stream.write("{}")
            stream.close()

        words = stop(process, release)
    assert words == "Stopped: nothing was imported.\n"


class SilentService(BaseHTTPRequestHandler):
    """Services that know no import of a project, and answer nothing else."""

    question_arrived: ClassVar[Event]
    ended: ClassVar[Event]

    def do_GET(self) -> None:
        """Answer the known rows, or wait for the end of the test."""
        answers = {"rows": {"project_id": "P", "content": None}, "projects": {"projects": []}}
        answer = answers.get(self.path.rpartition("/")[2]) if "/imports/" in self.path else None
        if answer is None:
            self.question_arrived.set()
            self.ended.wait()
            return
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


@contextmanager
def silent_services() -> Iterator[tuple[str, Event]]:
    """Serve on a port; yield the URL, and what is set when a first request waits."""
    SilentService.question_arrived, SilentService.ended = Event(), Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), SilentService) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", SilentService.question_arrived
        finally:
            SilentService.ended.set()
            server.shutdown()


def test_stop_while_writing_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text(HEAD + ROW)
    with silent_services() as (url, question_arrived):
        urls = [word for name in SERVICES for word in ("--url", f"{name}={url}")]
        with importing(tmp_path, "tasks.csv", "--json", *urls) as process:
            assert question_arrived.wait(60)
            words = stop(process)
    assert words == ("Stopped: a part may be imported; the same command again imports the rest.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["tasks.csv"]


def test_stop_while_refused_rows_are_written_leaves_no_half_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text(HEAD + ROW + "2,P,never,\n" * 3)
    (recognition,) = recognise_files([path], ImportOptions())
    cells = iter(["row", *("text" for _ in range(10))])

    def interrupt(text: str) -> str:
        if next(cells, None) is None:
            raise KeyboardInterrupt
        return text

    monkeypatch.setattr(refusals, "harmless", interrupt)
    with pytest.raises(KeyboardInterrupt):
        refusals.write_refusals(tmp_path / "refused.csv", recognition)
    assert list(tmp_path.iterdir()) == [path]
