"""Pages of `dsm forecast` and `dsm mode`, and values that are refused before anything is sent."""

from datetime import date, timedelta
from typing import Any, cast, get_args

import pytest

from agent.cli import forecast, mode
from agent.intelligence.forecast_schema import (
    PlanOfCertainty,
    ProjectForecast,
    SprintsAhead,
    TasksDone,
)
from agent.schema import Certainty, DecisionMode, DecisionModeVersion
from domain_services.kernel.errors import Invalid
from memory.decision import Range
from memory.episode import ModeName
from tests.unit.cli.printing import printed

FIRST = date(2026, 11, 30)


def ahead(number: int, *, apart: bool = True) -> SprintsAhead:
    work = Range(expected=9.5 * number, low=4 * number, high=15 * number, promise=5 * number)
    planned = Range(expected=6.5 * number, low=3 * number, high=9 * number, promise=4 * number)
    return SprintsAhead(
        sprints=number,
        last_day=FIRST + timedelta(days=14 * number - 1),
        all_work=work,
        planned=planned if apart else None,
    )


def answer(**changes: Any) -> ProjectForecast:
    values: dict[str, Any] = {
        "project_id": "P1",
        "today": FIRST,
        "clock": "live",
        "first_day": FIRST,
        "begins": "The first sprint is the next one, from 2026-11-30 on.",
        "sprint_days": 14,
        "in_sprints": [ahead(1), ahead(2)],
        "tasks_done": TasksDone(
            tasks=40,
            likely_sprints=6,
            likely_day=date(2027, 2, 21),
            promised_sprints=8,
            promised_day=date(2027, 3, 21),
            sentence="40 tasks are as likely done as not by 2027-02-21 (6 sprints).",
        ),
        "plans": [
            PlanOfCertainty(
                certainty=cast(Certainty, certainty),
                tasks=tasks,
                all_done=certainty / 100,
                in_force=certainty == 70,
            )
            for certainty, tasks in ((50, 7), (60, 6), (70, 5), (85, 1))
        ],
        "coverage": 0.72,
        "back_test": "72% of the last 18 sprints ended in the range that was usual before them.",
        "rests_on": "24 past sprints",
        "assumptions": ["Days off are known for the first sprint only."],
        "reasons": {},
        "degraded": [],
    }
    return ProjectForecast(**(values | changes))


def text_of(part: object) -> str:
    return " ".join(printed(part).split())


def test_date_comes_first_then_sprints_then_what_it_rests_on() -> None:
    lines = printed(forecast.page(answer())).splitlines()
    assert lines[1].startswith("40 tasks are as likely done as not by 2027-02-21")
    text = text_of(forecast.page(answer()))
    for part in (
        "from 2026-11-30 on",
        "1 2026-12-13 9.5 4 to 15 5 6.5 3 to 9 4",
        "2 2026-12-27 19.0 8 to 30 10 13.0 6 to 18 8",
        "planned: tasks that are there when their sprint begins",
        "rests on 24 past sprints",
        "tested 72% of the last 18 sprints",
        "assumes Days off are known",
    ):
        assert part in text
    assert max(map(len, lines)) <= 80


def test_work_that_cannot_be_told_apart_has_one_column() -> None:
    text = text_of(forecast.page(answer(in_sprints=[ahead(1, apart=False)])))
    assert "1 2026-12-13 9.5 4 to 15 5" in text
    assert "planned" not in text


def test_unknown_forecast_gives_its_reason() -> None:
    missing = "Not enough evidence: no past sprint of the project is known."
    nothing = answer(
        in_sprints=None,
        tasks_done=None,
        plans=None,
        rests_on=None,
        assumptions=[],
        reasons=dict.fromkeys(("in_sprints", "tasks_done", "plans", "rests_on"), missing),
        degraded=["history: no answer within 2000 ms"],
    )
    text = text_of(forecast.page(nothing))
    assert f"No date: {missing}" in text
    assert "missing history: no answer" in text
    assert "Completed in sprints" not in text
    assert missing in text_of(mode.page(decision_mode(), nothing))


def decision_mode(**changes: Any) -> DecisionMode:
    values: dict[str, Any] = {
        "project_id": "P1",
        "version": 2,
        "mode": "intelligence_enhanced",
        "confidence_threshold": 0.8,
        "enable_task_count_adjustment": True,
        "enable_sprint_duration_adjustment": True,
        "certainty": 70,
        "history": list[DecisionModeVersion](),
    }
    return DecisionMode(**(values | changes))


def test_mode_is_shown_with_the_plan_of_each_certainty() -> None:
    text = text_of(mode.page(decision_mode(), answer()))
    for part in (
        "P1: intelligence_enhanced, evidence is followed where following it pays.",
        "threshold 0.80 confidence that following it pays",
        "certainty 70 of 100 sprints are to complete their plan",
        "50% 7 tasks, all of them done with 50%",
        "70% 5 tasks, all of them done with 70% <- in force",
        "85% 1 task, done with 85%",
    ):
        assert part in text
    assert "not adjusted" not in text
    switched_off = decision_mode(enable_task_count_adjustment=False, version=0)
    text = text_of(mode.page(switched_off, answer()))
    assert "not adjusted number of tasks" in text
    assert "version that of the settings" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((None, 55, None), "a certainty of 55 is not offered: name 50, 60, 70 or 85"),
        (("fast", None, None), "fast is no mode: name one of rule_based_only, intelligence"),
        ((None, None, 75.0), "a threshold of 75.0 is no probability: name one from 0 to 1"),
        ((None, None, float("nan")), "a threshold of nan is no probability"),
    ],
)
def test_wrong_value_is_refused_in_words(
    options: tuple[str | None, int | None, float | None], words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        mode.mode_change(*options)


def test_only_named_values_are_changed() -> None:
    assert mode.mode_change(None, None, None) is None
    change = mode.mode_change(None, 85, None)
    assert change is not None
    assert change.model_dump(exclude_none=True) == {"certainty": 85}
    change = mode.mode_change("shadow", None, 0.6)
    assert change is not None
    assert change.model_dump(exclude_none=True) == {"mode": "shadow", "confidence_threshold": 0.6}


def test_every_mode_has_words() -> None:
    assert set(mode.MEANINGS) == set(get_args(ModeName))
