"""Refusal of sprints that cannot be measured, in one line that names the place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.decision_quality import __main__ as command
from benchmarks.decision_quality.sprints import read
from tests.unit.decision_quality.conftest import COLUMNS, Write, lines

Refused = Callable[..., str]


@pytest.fixture
def refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Refused:
    """Run the command on a folder and return the line that it prints instead of measuring."""

    def run(folder: Path, out: Path = tmp_path / "out.json", *more: str) -> str:
        monkeypatch.setattr(command, "measure", lambda *_: pytest.fail("measured"))
        assert command.main(["--sprints", str(folder), "--out", str(out), *more]) == 2
        assert not out.is_file()
        error_text = capsys.readouterr()
        assert error_text.out == ""
        assert error_text.err.count("\n") == 1
        return error_text.err

    return run


def text(folder: Path, content: str | bytes) -> Path:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / "sprints.csv").write_bytes(raw)
    return folder


HEADER = ",".join(COLUMNS)
NUMBERS = (*COLUMNS[3:8], "n_added")
FIRST = "p,t,a,1,14,8,5,6,1,0"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        (HEADER + "\n", "no rows"),
        (f"{HEADER}\n{FIRST[:-3]}0,0\n", "no row is usable"),
        ("a,b\n1,2\n", "no column project_key, team_id, sprint_id, usable, seq"),
        (f"{HEADER},seq\n{FIRST},2\n", "line 1: more than one column seq"),
        (f"{HEADER},n_added\n{FIRST},2\n", "line 1: more than one column n_added"),
        (f"{HEADER}\n{FIRST}\np,t,b,2,14\n", "line 3: the row ends before n_issues_scope_t0"),
        (f"{HEADER}\n{FIRST}\n{FIRST},9\n", "line 3: the row has more columns than the header"),
        (f"{HEADER}\n{FIRST}\n{FIRST}\n", "line 3: seq: 1 is not the only"),
        (
            f"{HEADER}\n{FIRST}\np,t,a,2,14,8,5,6,1,0\n",
            "line 3: sprint_id: 'a' is the name of another",
        ),
        (f"{HEADER}\n{FIRST}\nq,t,b,2,14,8,5,6,1,0\n", "line 3: project_key: 'q', and 'p' before"),
        (f"{HEADER}\n{FIRST[:-3]}yes,0\n", "line 2: usable: 'yes' is neither"),
        (f'{HEADER}\n{FIRST}\np,"t,2\n\n', "lines 3 to 4: the row ends before sprint_id"),
        (f'{HEADER}\n"{"p" * 140_000}",{FIRST[2:]}\n', "line 2: "),
        (b"\xff\xfe\x00", "not UTF-8"),
    ],
)
def test_a_file_of_another_format_is_refused(
    tmp_path: Path, refused: Refused, content: str | bytes, message: str
):
    error_text = refused(text(tmp_path, content))
    assert str(tmp_path / "sprints.csv") in error_text
    assert message in error_text


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((name, bad) for name in NUMBERS for bad in ("inf", "nan", "-1", "two", "1e9")),
        *((name, "") for name in ("project_key", "team_id", "sprint_id", "seq")),
        *((name, "") for name in ("duration_days", "n_completed")),
        ("duration_days", "0"),
        *((name, "10001") for name in NUMBERS[1:]),
        ("team_id", "t" * 101),
        ("team_id", "a\tb"),
        ("sprint_id", "s" * 101),
    ],
)
def test_a_wrong_value_is_named_by_line_and_column(
    write: Write, refused: Refused, column: str, value: str
):
    rows = lines()
    rows[2] |= {column: value}
    assert f"sprints.csv: line 4: {column}: " in refused(write(rows))


def test_what_is_not_used_may_hold_anything(write: Write):
    unused = lines()[0] | {"usable": "0", "duration_days": "0", "n_completed": ""}
    assert len(read(write([unused, *lines()[1:]]))["slow"]) == 7


def test_a_mark_of_the_byte_order_is_no_part_of_a_column(tmp_path: Path):
    assert read(text(tmp_path, f"\ufeff{HEADER}\n{FIRST}\n"))["t"][0].completed == 6


def test_names_of_sprints_are_text(tmp_path: Path):
    assert (
        read(text(tmp_path, f"{HEADER}\n{FIRST.replace('a', '007')}\n"))["t"][0].sprint_id == "007"
    )


def test_only_a_sprint_without_added_work_is_bound_by_its_scope(write: Write):
    none, some, blank, unusable = lines()[:4]
    some |= {"n_added": "2"}
    blank |= {"n_added": ""}
    rows = read(write([none, some, blank, unusable | {"usable": "0"}]))["slow"]
    assert [row.sprint.committed for row in rows] == [4, None, None]
    assert [row.committed_sprint.committed for row in rows] == [4, 5, 4]


def test_without_a_column_of_added_work_none_is_known(tmp_path: Path):
    row = read(text(tmp_path, f"{HEADER.removesuffix(',n_added')}\n{FIRST[:-2]}\n"))["t"][0]
    assert (row.added, row.sprint.committed, row.committed_sprint.committed) == (None, None, 8)


def test_a_folder_without_sprints_is_refused_by_name(tmp_path: Path, refused: Refused):
    for folder in (tmp_path, tmp_path / "nowhere[red]:smile:"):
        assert f"{folder}: not a folder with sprints.csv" in refused(folder)


def test_teams_too_short_to_forecast_are_refused(write: Write, refused: Refused):
    for most in (1, 3):
        short = [line for line in lines() if int(line["seq"]) <= most]
        error_text = refused(write(short))
        assert "sprints.csv: no team has a sprint with three before it" in error_text


def test_a_place_that_cannot_be_written_is_refused_first(
    write: Write, tmp_path: Path, refused: Refused
):
    folder = write(lines())
    nowhere = tmp_path / "nowhere" / "out.json"
    assert f"there is no folder {nowhere.parent}" in refused(folder, nowhere)
    assert "a folder, not a file" in refused(folder, tmp_path)
    out = tmp_path / "out.json"
    assert "a folder, not a file" in refused(folder, out, "--plans-out", str(tmp_path))
    assert "name two files" in refused(folder, out, "--plans-out", str(out))


def test_folder_removed_meanwhile_is_reported(
    write: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(command, "measure", lambda *_: (place.rmdir(), ()))
    assert command.main(["--sprints", str(write(lines())), "--out", str(place / "1.json")]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--out", "--plans-out"])
def test_the_sprints_that_are_read_are_not_written_over(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
):
    source = write(lines()) / "sprints.csv"
    before, outputs = source.read_bytes(), {"--out": tmp_path / "1.json", option: source}
    named = [part for name, path in outputs.items() for part in (name, str(path))]
    assert command.main(["--sprints", str(source.parent), *named]) == 2
    assert "name another file to write" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert not (tmp_path / "1.json").exists()
