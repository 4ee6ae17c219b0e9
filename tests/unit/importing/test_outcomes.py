"""Outcome of tasks by resolutions, types and statuses in several languages."""

import pytest

from agent.importing.meaning.estimates import estimate_of
from agent.importing.meaning.kinds import kind_of
from agent.importing.meaning.statuses import State, resolution_state, state_of
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Kind
from tests.unit.importing.conftest import Recognise

HEAD = "Issue key,Summary,Issue Type,Status,Resolution,Created,Resolved"


def texts(recognition: Recognition) -> str:
    return "\n".join(notice.text for notice in recognition.notices)


@pytest.mark.parametrize(
    "resolution",
    [
        "Duplicata",
        "No se realizará",
        "Wird nicht umgesetzt",
        "Ne sera pas traité",
        "Повтор",
        "重複",
    ],
)
def test_resolution_without_work_is_known_in_an_export_of_another_language(resolution: str) -> None:
    assert resolution_state(resolution) is State.DROPPED


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Aktiv", State.DOING),
        ("Entfernt", State.DROPPED),
        ("Abgewiesen", State.DROPPED),
        ("Ausgeliefert", State.DONE),
        ("Удалено", State.DROPPED),
    ],
)
def test_status_is_known_in_several_languages(status: str, state: State) -> None:
    assert state_of(status) is state


@pytest.mark.parametrize("name", ["Thema", "Thème", "Tema", "Тема", "Capability", "Saga"])
def test_type_above_tasks_is_a_container(name: str) -> None:
    assert kind_of(name) is Kind.CONTAINER


@pytest.mark.parametrize(
    ("text", "estimate"),
    [
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1 000", 1000),
        ("1\u202f234,5", 1234.5),
        ("3,5", 3.5),
        ("1,2,3", None),
        ("1,000", None),
        ("0,125", 0.125),
        ("1.000", 1),
    ],
)
def test_digits_of_an_estimate_may_stand_in_groups(text: str, estimate: float | None) -> None:
    assert estimate_of(text) == estimate


def test_unknown_resolution_counts_as_completed_and_says_so(recognised: Recognise) -> None:
    rows = "A-1,x,Story,Done,Vertagt auf nie,2024-03-01,2024-03-10\n"
    recognition = recognised(f"{HEAD}\n{rows}")
    assert recognition.states.completed == 1
    assert '--status "Vertagt auf nie=dropped"' in texts(recognition)
    chosen = recognised(f"{HEAD}\n{rows}", statuses={"Vertagt auf nie": State.DROPPED})
    assert (chosen.states.completed, chosen.states.dropped) == (0, 1)
    assert "not known" not in texts(chosen)


@pytest.mark.parametrize(
    "word", ["Unresolved", "-", "Nicht erledigt", "Нет решения", "Sin resolver"]
)
def test_word_for_no_resolution_is_none(recognised: Recognise, word: str) -> None:
    rows = f"A-1,x,Story,Done,{word},2024-03-01,2024-03-10\nA-2,x,Story,To Do,{word},2024-03-20,\n"
    recognition = recognised(f"{HEAD}\n{rows}")
    assert (recognition.states.completed, recognition.states.open) == (1, 1)
    assert recognition.warnings == ()


def test_status_goes_before_a_resolution_that_was_left(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}\nA-1,x,Story,In Progress,Done,2024-03-01,\n")
    assert recognition.states.doing == 1
    assert "1 open task with a resolution ('Done' 1)" in texts(recognition)


def test_file_of_epics_alone_says_how_to_plan_them(recognised: Recognise) -> None:
    rows = f"{HEAD}\nA-1,x,Big Epic,To Do,,2024-03-01,\nA-2,x,Epic,To Do,,2024-03-21,\n"
    recognition = recognised(rows.replace("Big Epic", "Epic"))
    assert "No task is left: --types Epic plans" in texts(recognition)
    assert recognised(rows.replace("Big Epic", "Epic"), types=("Epic",)).states.open == 2


def test_repository_with_a_dot_in_its_name_is_a_project(recognised: Recognise) -> None:
    address = "https://github.example/acme/next.js/issues/7"
    recognition = recognised(
        f"number,title,state,url,createdAt\n7,x,OPEN,{address},2024-03-05T10:00:00Z\n"
    )
    assert [task.project for task in recognition.tasks] == ["NEXT-JS"]
