"""Page that `dsm orchestrate` prints: the answer first, then why, what next and the numbers.

Each page in `pages/` is one situation at 80 columns. DSM_REWRITE_GOLDEN=1 writes them again.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

from agent.cli.comparison import Comparison
from agent.cli.headline import headline
from agent.cli.next_steps import next_step
from agent.cli.reasons import reason
from agent.cli.report import render
from agent.cli.report_evidence import own_history
from agent.cli.report_numbers import task_table
from agent.cli.report_outcome import actual_outcome
from agent.cli.running_sprint import RunningSprint
from graphs.answer import CurrentSprint, HistoricalContext, Orchestration
from tests.unit.cli.answers import (
    CREATE,
    OUTCOME,
    RUNNING,
    SCHEDULE,
    answer,
    created,
    running,
    task,
    task_count,
    without_forecast,
)

PAGES = Path(__file__).parent / "pages"
COLUMNS = 80
NOTHING = "Nothing, because sprint P1-S46 is in progress until 2016-10-16 with 9 tasks pending."
ABSENT = (
    "No sprint is created, because nobody of the team of 3 can work in the window of 2 week(s)"
    " from 2016-10-03: it has no working day."
)
CLOSED = "Sprint P1-S46 is closed, because its last day 2016-10-02 has passed."


@dataclass(frozen=True)
class Situation:
    """A decision and what is printed beside it."""

    answer: Orchestration
    comparison: Comparison | None = None
    running: RunningSprint | None = None
    why: bool = False
    evidence: bool = False


def idle(
    rule_reasoning: str = NOTHING, *, sprint: CurrentSprint | None = None, dry_run: bool = False
) -> Orchestration:
    """Build an answer without any action."""
    return answer(
        report=None,
        plan=(),
        actions=[],
        rule_reasoning=rule_reasoning,
        sprint=sprint,
        dry_run=dry_run,
    )


SITUATIONS = {
    "changed": Situation(answer(new=created()), OUTCOME),
    "rejected": Situation(answer(new=created(10), report=task_count(10, 12, 0.6))),
    "equal": Situation(answer(new=created(10), report=task_count(10, 10, None))),
    "dry-run": Situation(answer(dry_run=True, actions=[])),
    "shadow": Situation(answer(shadow=True, actions=[])),
    "closed": Situation(
        answer(
            report=None,
            close=True,
            plan=(SCHEDULE,),
            actions=["Closed sprint P1-S46 (completed)"],
            sprint=RUNNING,
            rule_reasoning=CLOSED,
        )
    ),
    "running": Situation(idle(sprint=RUNNING), running=running()),
    "running-behind": Situation(
        idle(sprint=RUNNING, dry_run=True), running=running(0.83, simulated=True)
    ),
    "empty": Situation(
        idle(rule_reasoning="Nothing, because none of the 5 backlog tasks is free to be planned.")
    ),
    "blocked": Situation(idle(rule_reasoning=ABSENT)),
    "inactive": Situation(
        idle("P1 is inactive, so that no sprint is created. Mark it active to plan one.")
    ),
    "refused": Situation(
        answer(actions=["Create a sprint of 2 weeks with 12 tasks: refused, P1-TASK001 is held"])
    ),
    "degraded": Situation(
        answer(
            new=created(1),
            report=without_forecast(1, "Not enough evidence to adjust: 0 past sprints."),
            degraded=("history: no answer within 300 ms",),
        )
    ),
    "why-and-evidence": Situation(answer(new=created()), why=True, evidence=True),
}


def printed(part: object, columns: int = COLUMNS) -> str:
    console = Console(width=columns, highlight=False)
    with console.capture() as capture:
        console.print(part)
    return capture.get()


def page(situation: Situation, columns: int = COLUMNS) -> str:
    part = render(
        situation.answer,
        situation.comparison,
        situation.running,
        why=situation.why,
        evidence=situation.evidence,
    )
    # A table fills its columns with blanks, which an editor would remove from the file.
    return "".join(f"{line.rstrip()}\n" for line in printed(part, columns).splitlines())


@pytest.mark.parametrize("name", SITUATIONS)
def test_page_is_the_recorded_one(name: str) -> None:
    path, text = PAGES / f"{name}.txt", page(SITUATIONS[name])
    if os.environ.get("DSM_REWRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", SITUATIONS)
def test_page_fits_eighty_columns_and_a_narrow_pipe(name: str) -> None:
    for columns in (COLUMNS, 60):
        assert max(map(len, page(SITUATIONS[name], columns).splitlines())) <= columns


@pytest.mark.parametrize("name", SITUATIONS)
def test_answer_reason_and_next_step_come_before_the_numbers(name: str) -> None:
    lines = page(SITUATIONS[name]).splitlines()
    assert lines[1][0].isalpha()
    assert any(line.startswith("Next:") for line in lines[: lines.index("Numbers")])


def test_detail_is_printed_on_request_only() -> None:
    plain = page(Situation(answer(new=created()), why=False))
    assert "timings" not in plain
    assert "P0-S39" not in plain
    assert "timings" in page(Situation(answer(new=created()), why=True))
    assert "P0-S39" in page(Situation(answer(new=created()), evidence=True))


def test_refused_schedule_stands_beside_the_created_sprint() -> None:
    actions = ["Created sprint P1-S46 with 12 tasks", "Schedule the daily scrum: refused, no room"]
    new = created().model_copy(update={"cronjob": None})
    text = page(Situation(answer(actions=actions, new=new)))
    assert "Created sprint P1-S46: 12 tasks" in text
    assert "Refused: Schedule the daily scrum: no room." in text
    assert "Daily scrum" not in text


def test_schedule_without_a_sprint_is_the_answer() -> None:
    actions = ["Created CronJob run-p1-s46 (0 14 * * 1-5 UTC)"]
    new = created(0).model_copy(update={"sprint_id": None, "start_date": None, "end_date": None})
    restored = answer(report=None, plan=(SCHEDULE,), actions=actions, new=new, sprint=RUNNING)
    assert headline(restored, None) == "Created CronJob run-p1-s46 (0 14 * * 1-5 UTC)"
    assert "Daily scrum Monday to Friday at 14:00, UTC" in page(Situation(restored))


def test_sprint_without_pending_tasks_is_closed_for_that() -> None:
    done = RUNNING.model_copy(update={"pending_tasks": 0})
    assert reason(answer(report=None, close=True, sprint=done)) == "No task of it is pending."


def test_number_that_may_not_change_is_said_to_be_so() -> None:
    switched_off = answer(new=created(10), report=task_count(10, 12, 0.9))
    assert reason(switched_off) == (
        "The rule's 10 tasks stand: evidence's 12 may not change it in this project."
    )


def test_unanswered_standing_leaves_what_the_decision_knows() -> None:
    text = page(Situation(idle(sprint=RUNNING)))
    assert "Nothing to do: sprint P1-S46 is in progress until 2016-10-16" in text


def test_running_sprint_without_a_daily_scrum_says_so() -> None:
    alone = RUNNING.model_copy(update={"cronjob": None})
    for mode in ("reported", "simulated"):
        step = next_step(idle(sprint=alone), replace(running(), progress_mode=mode))
        assert step.startswith("it has no daily scrum: `dsm schedule add P1 --daily-scrum CRON`")


def test_unknown_outlook_says_why() -> None:
    assert running(None).outlook == (
        "whether it is on track is not known. Not enough evidence: 2 past sprints (3 needed)."
    )


def test_sprint_before_its_first_day_is_not_counted_in_days() -> None:
    early = replace(running(), today=running().start_date.replace(day=1), done_tasks=0)
    assert early.standing == "sprint P1-S46 begins on 2016-10-03, 0 of 12 tasks done"


def test_points_stand_beside_tasks_when_tasks_are_estimated() -> None:
    estimated = replace(running(), done_points=13.0, total_points=34.5)
    assert "runs, 3 of 12 tasks done, 13 of 34.5 points, day 4" in estimated.standing
    tasks = [task(1).model_copy(update={"estimate": 0.5}), task(2)]
    creation = created(tasks=2).model_copy(update={"tasks": tasks})
    assert "P1-S46: 2 tasks, 0.5 points, 2016" in headline(answer(new=creation), None)


def test_planned_sprint_is_described_by_its_own_first_day() -> None:
    later = CREATE.model_copy(update={"arguments": CREATE.arguments | {"start_date": "2016-10-04"}})
    plan = answer(plan=(later,), dry_run=True, actions=[])
    assert headline(plan, None).endswith("create a sprint: 12 tasks, 2016-10-04 to 2016-10-17")
    assert next_step(plan) == "`dsm orchestrate P1` carries it out."


def test_titles_are_printed_without_markup_and_terminal_codes() -> None:
    titles = ["[/login] returns 500", "[ui] header is cut off", "a\x1b[31mb"]
    tasks = [task(number, title) for number, title in enumerate(titles)]
    (table,) = task_table([item.model_copy(update={"assigned_to": "[b]ann"}) for item in tasks])
    text = printed(table)
    assert "[/login] returns 500" in text
    assert "[ui] header is cut off" in text
    assert "[b]ann" in text
    assert "\x1b" not in text


def test_long_sprint_is_cut_and_whole_with_the_reasons() -> None:
    long = answer(new=created(40))
    assert "and 25 more tasks, listed by --why" in page(Situation(long))
    assert "P1-TASK040" in page(Situation(long, why=True))


def comparison(window_days: int, decided_days: int | None) -> Comparison:
    return Comparison("2025-06-22", window_days, decided_days, 4, 4, None, 6, 10, 6)


def test_only_windows_of_equal_length_have_a_verdict() -> None:
    assert comparison(14, 14).nearer == "recommendation"
    assert comparison(7, 14).nearer is None
    assert "none: the actual outcome is of 7 days, the decision is for 14" in printed(
        actual_outcome(comparison(7, 14))
    )


def test_verdict_says_by_how_much_each_number_missed() -> None:
    text = " ".join(printed(actual_outcome(OUTCOME)).split())
    assert "rule's 10 missed it by 16 (too few), evidence's 12 missed it by 14 (too few)" in text
    assert "evidence was nearer" in text
    exact = " ".join(printed(actual_outcome(replace(OUTCOME, finished=10))).split())
    assert "the rule's 10 met it exactly, evidence's 12 missed it by 2 (too many)" in exact
    assert "rule and evidence both planned 10" in printed(
        actual_outcome(replace(OUTCOME, recommended=10))
    )


def test_partly_known_window_has_a_count_and_no_verdict() -> None:
    partly = replace(OUTCOME, known_until="2016-10-09")
    text = printed(actual_outcome(partly))
    assert "known until 2016-10-09  26 tasks finished, 6 of them from this backlog" in text
    assert "verdict" not in text


def test_decision_without_a_sprint_shows_the_outcome_without_a_verdict() -> None:
    text = printed(actual_outcome(comparison(14, None)))
    assert "4 tasks finished, 4 of them from this backlog" in text
    assert "verdict" not in text


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ([], "no past sprint of this project is known"),
        (["recall: no embedding"], "no past sprint of this project is known"),
        (["history: no answer within 100 ms"], "the project's history did not answer"),
    ],
)
def test_silent_history_is_not_reported_as_an_empty_one(missing: list[str], sentence: str) -> None:
    nothing_known = HistoricalContext(
        past_sprints=0,
        completed_per_sprint=[],
        average_velocity=None,
        velocity_trend=None,
        completion_rate=None,
        avg_sprint_duration=None,
        open_impediments=[],
        similar_projects=[],
        similar_episodes=0,
    )
    assert printed(own_history(nothing_known, missing)).strip() == sentence
