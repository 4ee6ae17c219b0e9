"""Ranks of an export sort as numbers or as texts; a mixture tells no order."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from agent.importing.history import known_rows
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.study import study_files, study_warnings
from agent.importing.meaning.ranks import in_order
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Task

Recognise = Callable[..., Recognition]
DAY = date(2024, 3, 18)
HEAD = "id,project,created,finished,Rank"


def file_of(*ranks: str) -> str:
    rows = [f"{number},p,2024-03-01,,{rank}" for number, rank in enumerate(ranks)]
    return "\n".join([HEAD, *rows])


def order(*ranks: str | None) -> list[str]:
    """Return the ids of tasks in the order of these ranks; the ids are letters in turn."""
    ids = "abcdefgh"
    tasks = [Task(ids[place], "P", DAY, rank=rank) for place, rank in enumerate(ranks)]
    return [task.id for task in in_order(tasks)]


def test_texts_are_sorted_letter_by_letter() -> None:
    ranks = ("0|i0001z:", "0|hzzzzz:", "0|i0001z:9", None, "0|i0001z:1i")
    assert order(*ranks) == ["b", "a", "e", "c"]


def test_numbers_are_sorted_by_their_size() -> None:
    assert order("10", "9.5", None, "-1", "9,4", "1e1") == ["d", "e", "b", "a", "f"]


def test_mixture_of_numbers_and_texts_has_no_order() -> None:
    assert order("1", "0|hzzzzz:") == order("1", "nan") == []


@pytest.mark.parametrize("header", ["Rank", "Custom field (Rank)", "Stack Rank", "LexoRank"])
def test_rank_column_is_recognised_by_its_name(recognised: Recognise, header: str) -> None:
    content = file_of("0|hzzzzz:", "").replace("Rank", header)
    recognition = recognised(content)
    assert [task.rank for task in recognition.tasks] == ["0|hzzzzz:", None]
    assert [column.field for column in recognition.columns][-1] == "rank"
    assert recognition.warnings == ()


def test_mixed_ranks_are_ignored_with_a_warning(recognised: Recognise) -> None:
    recognition = recognised(file_of("3", "0|hzzzzz:", ""))
    assert [task.rank for task in recognition.tasks] == [None, None, None]
    (warning,) = recognition.warnings
    assert "'Rank' mixes numbers and texts" in warning
    assert "--map rank=Column" in warning


def test_files_with_different_kinds_of_ranks_have_no_order(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    contents = (file_of("1", "2"), file_of("0|hzzzzz:").replace("\n0,", "\n9,"))
    for path, content in zip(paths, contents, strict=True):
        path.write_text(content)
    study = study_files(recognise_files(paths, ImportOptions()), {}, DAY, None, DAY)
    assert "ranks are ignored" in study_warnings(study)[0]
    assert in_order(study.rows_of_files("P")) == []


def test_saved_rows_keep_their_ranks() -> None:
    tasks = (Task("a", "P", DAY, rank="0|hzzzzz:"), Task("b", "P", DAY))
    document = known_rows.to_document(KnownRows("P", DAY, 14, DAY, tasks))
    rows = known_rows.from_document(document, "it")
    assert rows is not None and rows.tasks == tasks
