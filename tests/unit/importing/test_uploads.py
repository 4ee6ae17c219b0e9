"""Uploaded files keep their names, and those of refused rows are divided by file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cli.upload_files import open_files
from agent.importing.errors import CsvRefused
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from agent.importing.reading.refusals import write_refusals
from agent.imports.job import place_files
from agent.imports.refused_parts import part_of


@pytest.mark.parametrize(
    ("names", "paths"),
    [
        (["a.csv", "b.csv"], ["a.csv", "b.csv"]),
        (["a.csv", "A.csv"], ["1/a.csv", "2/A.csv"]),
        # A dash alone would be the standard input of the orchestrator.
        (["-"], ["1/-"]),
        (["2", "a", "a"], ["1/2", "2/a", "3/a"]),
    ],
)
def test_files_lie_apart_under_their_names(names: list[str], paths: list[str]) -> None:
    assert place_files(names) == [Path(path) for path in paths]


CELLS = st.text(st.sampled_from('ab,;"\n\r=1 row,column,reason'), max_size=12)


@given(st.lists(st.lists(CELLS, max_size=3), min_size=1, max_size=3))
def test_parts_of_refused_rows_are_those_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    written: list[bytes] = []
    for number, texts in enumerate(files):
        path = folder / f"{number}.csv"
        cells = ["".join(('"', text.replace('"', '""'), '"')) for text in texts]
        rows = [f"{number}-{place},P,no day,{cell}" for place, cell in enumerate(cells)]
        path.write_text("\n".join(["id,project,created,title", *rows, "x,P,no day,"]) + "\n")
        (recognition,) = recognise_files([path], ImportOptions())
        written.append(write_refusals(folder / f"{number}.out", recognition).read_bytes())
    content = b"".join(written)
    assert [part_of(content, number) for number in range(len(files))] == written
    assert part_of(content, len(files)) == b""


def test_file_that_is_too_large_or_missing_is_refused_before_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.csv"
    path.write_bytes(b"x" * 2000)
    monkeypatch.setattr("agent.cli.upload_files.MOST_FILE_BYTES", 1000)
    with pytest.raises(CsvRefused, match="divide it"):
        open_files([path])
    with pytest.raises(CsvRefused, match="cannot be read: No such file"):
        open_files([tmp_path / "none.csv"])
    monkeypatch.setattr("agent.cli.upload_files.MOST_FILES", 1)
    with pytest.raises(CsvRefused, match="2 files are more than the 1"):
        open_files([path, path])
