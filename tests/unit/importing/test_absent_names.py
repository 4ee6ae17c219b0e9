"""Warnings about names of options that no row has; an import that would plan nothing stops."""

from collections.abc import Callable

import pytest

from agent.importing.option_texts import parse_statuses
from agent.importing.reading.counts import KindCount
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Kind

Recognise = Callable[..., Recognition]
TEXT = (
    "id,project,created,status,type\n"
    "1,p,2016-06-06,Live,Story\n2,p,2016-06-06,To Do,Bug\n3,p,2016-06-06,Limbo,Bug\n"
)
LIVE = parse_statuses(["Live=done", "Limbo=todo"])


def test_types_that_no_row_has_stop_the_import(recognised: Recognise) -> None:
    recognition = recognised(TEXT, types=("Stroy",), statuses=LIVE)
    (question,) = recognition.questions
    assert "'Stroy' that --types names; the types are 'Story', 'Bug'" in question.text
    assert question.answer.startswith('--types "Story"')
    without = recognised("id,project,created\n1,p,2016-06-06\n", types=("Story",))
    assert without.questions[0].answer == "--types all"


def test_one_of_several_types_that_no_row_has_is_a_warning(recognised: Recognise) -> None:
    recognition = recognised(TEXT, types=("story", "Task"), statuses=LIVE)
    assert recognition.questions == ()
    assert recognition.warnings[0].startswith("No row is of the type 'Task'")


@pytest.mark.parametrize("types", [(), ("all",), ("STORY", "bug")])
def test_types_that_rows_have_are_no_matter(recognised: Recognise, types: tuple[str, ...]) -> None:
    recognition = recognised(TEXT, types=types, statuses=LIVE)
    assert not any("No row" in text for text in recognition.warnings)
    assert recognition.questions == ()


def test_type_that_is_left_out_is_named_counted_and_asks_nothing(recognised: Recognise) -> None:
    recognition = recognised(TEXT, types=("Story",), statuses=parse_statuses(["Live=done"]))
    # The unknown status Limbo belongs to a row that is left out.
    assert recognition.questions == ()
    assert "Left out by --types Story: 2 Bug" in "".join(recognition.warnings)
    assert KindCount("Bug", 2, Kind.LEFT_OUT) in recognition.kinds
    (project,) = recognition.projects
    assert (project.tasks, project.containers, project.left_out) == (1, 0, 2)


def test_status_that_no_row_has_is_a_warning_with_the_nearest(recognised: Recognise) -> None:
    chosen = parse_statuses(["Livee=done", "Limbo=todo", "Vapour=dropped"])
    recognition = recognised(TEXT, statuses=chosen)
    absent = [text for text in recognition.warnings if "--status names" in text]
    assert absent == [
        "No row has the status 'livee' that --status names. Did you mean 'Live'?",
        "No row has the status 'vapour' that --status names.",
    ]


def test_resolution_that_a_row_has_is_no_absent_status(recognised: Recognise) -> None:
    text = (
        "id,project,created,status,resolution\n"
        "1,p,2016-06-06,Done,Known later\n2,p,2016-06-06,Limbo,\n"
    )
    recognition = recognised(text, statuses=parse_statuses(["Known later=dropped", "Limbo=todo"]))
    assert not any("--status names" in text for text in recognition.warnings)
