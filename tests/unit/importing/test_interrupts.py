"""Ctrl-C during an import, in a process of its own: one line, exit code 130, nothing left over."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.importing.options import ImportOptions
from agent.importing.reading import refusals
from agent.importing.reading.files import recognise_files

HEAD = "id,project,created,finished\n"
ROW = "1,P,2016-06-06,2016-06-07\n"


@contextmanager
def importing(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start `dsm import csv` with a data folder of its own."""
    command = "from agent.cli.main import main; main()"
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
    with importing(tmp_path, "-", "--dry-run", "--data-dir", "stack") as process:
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
        importing(tmp_path, "tasks.csv", "--dry-run", "--data-dir", "stack") as process,
        known.open("w") as stream,
    ):

        def release() -> None:
            stream.write("{}")
            stream.close()

        words = stop(process, release)
    assert words == "Stopped: nothing was imported.\n"


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
