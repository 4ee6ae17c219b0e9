"""Standard input is kept in a file without a name, within a bound."""

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.tables import source as sources
from agent.importing.tables.source import spooled_source

CSV = "id,project,created,finished\n1,p,2016-06-06,2016-06-07\n2,p,never,\n"


def run(folder: Path, content: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("dsm"), "import", "csv", *options],
        input=content,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"TMPDIR": str(folder)},
        check=False,
    )


def test_dash_reads_standard_input_and_leaves_only_the_refused_rows(tmp_path: Path) -> None:
    (tmp_path / "standard-input.rejected.csv").write_text("row,column,reason,id\n")
    answer = run(tmp_path, CSV, "-", "--dry-run", "--json")
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["rejected_file"] == "standard-input.rejected.csv"
    assert [path.name for path in tmp_path.iterdir()] == ["standard-input.rejected.csv"]
    assert "never" in (tmp_path / "standard-input.rejected.csv").read_text()


def test_standard_input_twice_is_empty_the_second_time(tmp_path: Path) -> None:
    answer = run(tmp_path, CSV, "-", "-", "--dry-run")
    assert answer.returncode == 2
    assert "standard input is empty" in answer.stderr


def test_stream_over_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_STREAM_BYTES", 1 << 20)
    with pytest.raises(CsvRefused, match="standard input delivers more than 1 MB"):
        spooled_source("standard input", io.BytesIO(b"x" * ((1 << 20) + 1)))
    whole = spooled_source("standard input", io.BytesIO(b"x" * (1 << 20)))
    with whole.open() as stream:
        assert len(stream.read()) == 1 << 20


def test_spool_has_no_name_and_two_readers_do_not_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spooled = spooled_source("standard input", io.BytesIO(CSV.encode()))
    assert list(tmp_path.iterdir()) == []
    with spooled.open() as first, spooled.open() as second:
        assert first.readline() == second.readline() == b"id,project,created,finished\n"
        second.seek(-7, io.SEEK_END)
        assert second.read() == b"never,\n"
        assert first.readline() == b"1,p,2016-06-06,2016-06-07\n"


def test_options_of_the_command_reach_the_file(tmp_path: Path) -> None:
    content = "id,project,created,finished\n1,p,2016-06-06,2016-06-07\n"
    answer = run(tmp_path, content, "-", "--dry-run", "--sheet", "Export")
    assert "standard input is text and has no sheets" in answer.stderr
    answer = run(tmp_path, content, "-", "--dry-run", "--encoding", "utf-16")
    assert "is not UTF-16" in answer.stderr
