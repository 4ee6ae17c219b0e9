"""Cells that a spreadsheet or a web page changed are read as they were meant."""

import pytest

from agent.importing.meaning.cell_text import cell_text, flag_of
from agent.importing.meaning.statuses import State
from tests.unit.importing.conftest import Recognise

HEAD = "Issue key,Summary,Status,Assignee,Created,Resolved,Story Points"
CARDS = "Card ID,Card Name,List Name,Board Name,Archived,Due Complete"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  a ", "a"),
        ("#N/A", ""),
        ("#NV", ""),
        ("#¡VALOR!", ""),
        ("#12", "#12"),
        ("'X-1", "X-1"),
        ("'=1+1", "=1+1"),
        ("'Save' is grey", "'Save' is grey"),
        ("\u200fX-1\u200e", "X-1"),
        ("\ufeff X-1\u00a0", "X-1"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_cell_says_what_stands_in_it_without_additions(cell: str, text: str) -> None:
    assert cell_text(cell) == text


@pytest.mark.parametrize(
    ("text", "flag"),
    [("TRUE", True), ("WAHR", True), ("Falsch", False), ("ЛОЖЬ", False), ("", None)],
)
def test_flag_is_read_in_the_language_of_the_spreadsheet(text: str, flag: bool | None) -> None:
    assert flag_of(text) is flag


def test_errors_apostrophes_and_marks_refuse_no_row(recognised: Recognise) -> None:
    rows = (
        "'A-1,x,Done,#N/A,'2024-03-01,\u200e2024-03-10,#REF!",
        "\u200fA-2\u200e,x,To Do,'bob,2024-03-15,#N/A,'5",
    )
    recognition = recognised("\n".join((HEAD, *rows)))
    assert recognition.refused == ()
    assert recognition.questions == ()
    assert [(task.id, task.assignee, task.estimate) for task in recognition.tasks] == [
        ("A-1", None, None),
        ("A-2", "bob", 5.0),
    ]
    assert recognition.warnings == ()


@pytest.mark.parametrize("number", ["1.20736E+15", "1E+15", '"1,20736e+15"'])
def test_id_that_a_spreadsheet_rounded_is_refused(recognised: Recognise, number: str) -> None:
    content = f"id,project,created\n{number},p,2024-03-01\n7,p,2024-03-02\n"
    recognition = recognised(content)
    assert [task.id for task in recognition.tasks] == ["7"]
    assert "a spreadsheet rounded" in recognition.refused[0].reason


def test_translated_flags_of_a_board_are_read(recognised: Recognise) -> None:
    rows = (
        "65e1a2b3c4d5e6f708192a3b,t,To Do,Web,WAHR,FALSCH",
        "65e1a2b3c4d5e6f708192a3c,t,Doing,Web,FALSCH,WAHR",
    )
    recognition = recognised("\n".join((CARDS, *rows)))
    assert [task.state for task in recognition.tasks] == [State.DROPPED, State.DONE]
