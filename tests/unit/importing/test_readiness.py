"""An import stops before anything is written when too much is refused or a doubt is open."""

from collections.abc import Callable
from datetime import date

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.history.cutoff import choose_as_of
from agent.importing.meaning.statuses import State
from agent.importing.option_texts import parse_share, parse_statuses, parse_types
from agent.importing.options import ImportOptions
from agent.importing.reading.readiness import refuse_doubts, stops
from agent.importing.reading.recognition import Recognition

Recognise = Callable[..., Recognition]
HEAD = "id,project,created,status"


def rows(refused: int, total: int) -> str:
    days = ["never"] * refused + ["2016-06-06"] * (total - refused)
    lines = (f"{number},p,{day},To Do\n" for number, day in enumerate(days))
    return f"{HEAD}\n{''.join(lines)}"


def test_share_of_refused_rows_at_the_limit_is_imported(recognised: Recognise) -> None:
    recognition = recognised(rows(1, 50))
    assert len(recognition.refused) == 1
    refuse_doubts([recognition], ImportOptions())


def test_share_of_refused_rows_over_the_limit_stops_with_its_reasons(
    recognised: Recognise,
) -> None:
    recognition = recognised(rows(2, 50))
    with pytest.raises(CsvRefused, match=r"2 of the 50 rows .*: 4 %, and at most 2 %") as refusal:
        refuse_doubts([recognition], ImportOptions())
    words = str(refusal.value.detail)
    assert "2 x created: 'never' is not a date" in words
    assert "first in row 2" in words
    assert "--refusals 5%" in words
    refuse_doubts([recognition], ImportOptions(refusal_share=parse_share("5%")))


def test_unknown_status_is_asked_for_until_a_person_says_its_meaning(
    recognised: Recognise,
) -> None:
    text = f"{HEAD}\n1,p,2016-06-06,Live\n2,p,2016-06-06,To Do\n"
    (reason,) = stops([recognised(text)], ImportOptions())
    assert "'Live' (1)" in reason
    assert '--status "Live=' in reason
    recognition = recognised(text, statuses=parse_statuses(["live=done"]))
    assert stops([recognition], ImportOptions()) == ()
    assert recognition.tasks[0].state is State.DONE


def test_finished_task_of_an_unknown_status_is_no_question(recognised: Recognise) -> None:
    recognition = recognised("id,project,created,finished,status\n1,p,2016-06-06,2016-06-07,Live\n")
    assert recognition.questions == ()


@pytest.mark.parametrize(
    "call",
    [
        lambda: parse_statuses(["Live"]),
        lambda: parse_statuses(["Live=finished"]),
        lambda: parse_statuses(["Live=done", "LIVE=todo"]),
        lambda: parse_share("5"),
        lambda: parse_share("101%"),
        lambda: parse_types(" , "),
    ],
)
def test_malformed_option_is_refused_with_its_form(call: Callable[[], object]) -> None:
    with pytest.raises(CsvRefused, match=r"--(?:status|refusals|types)"):
        call()


def test_options_come_back_from_their_json() -> None:
    options = ImportOptions(
        mapping={"id": "Key"},
        statuses=parse_statuses(["Live=done"]),
        types=("Story", "Bug"),
        refusal_share=0.05,
    )
    assert ImportOptions.from_json(options.to_json() | {"later": 1}) == options


@pytest.mark.parametrize(
    ("month", "answer"),
    [
        ("foo", "such a file, or with other columns: --map created=COLUMN,finished=COLUMN"),
        ("अगस्त", "--date-format 'd MMM Y in Hindi'"),
    ],
)
def test_unreadable_months_of_two_columns_are_one_question_that_its_answer_settles(
    recognised: Recognise, month: str, answer: str
) -> None:
    days = "".join(f"{day},p,{day} {month} 2026,{day + 1} {month} 2026\n" for day in range(1, 4))
    text = f"id,project,created,finished\n{days}"
    recognition = recognised(text)
    (question,) = recognition.questions
    assert question.answer == answer
    assert question.text.startswith(
        f"The column 'created' has month words that cannot be read: {month!r} in 3 rows. "
        f"The column 'finished' has month words that cannot be read: {month!r} in 3 rows."
    )
    with pytest.raises(CsvRefused, match=r"None of the 3 rows .* can be used\. The") as error:
        choose_as_of([recognition], recognition.tasks, None, date(2026, 12, 1))
    assert question.answer in str(error.value)
    if answer.startswith("--date-format"):
        settled = recognised(text, date_format="d MMM Y in Hindi")
        assert (settled.refused, settled.questions) == ((), ())
        assert [task.created for task in settled.tasks][:1] == [date(2026, 8, 1)]
