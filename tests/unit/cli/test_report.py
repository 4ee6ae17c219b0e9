"""Page that `dsm orchestrate` prints: the answer first, then why, what next and the numbers.

Each page in `pages/` is one situation at 80 columns. DSM_REWRITE_GOLDEN=1 writes them again.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cli.headline import headline
from agent.cli.next_steps import next_step
from agent.cli.reasons import evidence_line, reason
from agent.cli.report_evidence import own_history
from graphs.answer import CurrentSprint, HistoricalContext, Orchestration
from graphs.approval import RunOutcome
from memory.decision import Range
from tests.unit.cli.answers import (
    CREATE,
    OUTCOME,
    PACE,
    RUNNING,
    SCHEDULE,
    answer,
    created,
    expectation,
    running,
    task,
    task_count,
    without_forecast,
)
from tests.unit.cli.printing import COLUMNS, MIXED, Situation, page, printed

PAGES = Path(__file__).parent / "pages"
NOTHING = "Nothing, because sprint P1-S46 is in progress until 2016-10-16 with 9 tasks pending."
ABSENT = (
    "No sprint is created, because nobody of the team of 3 can work in the window of 2 week(s)"
    " from 2016-10-03: it has no working day."
)
REVIEW = "Of the 23 picked expect 14 (9 to 20): the team completes 61% of what it commits to."
ROOM = (
    "Room is left for work that arrives: 14.2 such tasks are finished in a sprint on average (8 to"
    " 22)."
)
DAYS_OFF = "Days off leave 90% of the working time."
CLOSED = "Sprint P1-S46 is closed, because its last day 2016-10-02 has passed."


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
    "draft": Situation(
        answer(
            dry_run=True,
            actions=[],
            report=task_count(10, 12, 0.9, passed=True, kind="scope", words=REVIEW),
            expected=expectation(Range(expected=14.2, low=8, high=22, promise=7), (ROOM, DAYS_OFF)),
            chosen=MIXED,
        )
    ),
    "draft-why": Situation(answer(dry_run=True, actions=[], chosen=MIXED), why=True),
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
            report=without_forecast(1, "There is no evidence beyond the team's own pace."),
            expected=expectation(pace=f"The project's past did not answer. {PACE}"),
            degraded=("history: no answer within 300 ms",),
        )
    ),
    "why-and-evidence": Situation(answer(new=created()), why=True, evidence=True),
}


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


@pytest.mark.parametrize(
    ("confidence", "passed", "end"),
    [
        (0.9, True, "It is followed: 12 instead of 10."),
        (0.9, False, "Its 12 may not change the rule's 10 in this project."),
        (0.6, False, "there is no detectable difference between both here."),
        (0.2, False, "the rule has ended nearer in this project."),
    ],
)
def test_evidence_is_followed_or_the_page_says_why_not(
    confidence: float, passed: bool, end: str
) -> None:
    line = evidence_line(answer(report=task_count(10, 12, confidence, passed=passed)))
    assert line is not None
    assert line[0] == "Evidence"
    assert line[1].endswith(end)


def test_evidence_that_plans_the_same_is_named_and_none_is_not() -> None:
    same = evidence_line(answer(report=task_count(10, 10, None)))
    assert same is not None
    assert same[1].endswith("It plans the same number.")
    assert evidence_line(answer(report=task_count(10, 10, None, kind=None))) is None
    assert evidence_line(answer(report=without_forecast(1, "Nothing."))) is None
    assert evidence_line(idle()) is None


def test_run_of_an_earlier_release_gives_the_rules_reason() -> None:
    old = answer(new=created()).model_copy(update={"expectation": None, "selection": None})
    assert reason(old) == old.decisions.rule_based_decision.reasoning
    assert "P1-TASK012" in page(Situation(old))


def test_note_that_the_reason_names_already_is_not_repeated() -> None:
    off = expectation(notes=(DAYS_OFF, ROOM), pace=f"{PACE} {DAYS_OFF}")
    text = page(Situation(answer(expected=off)))
    assert text.count("Days off leave") == 1
    assert text.count("Room is left") == 1


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


def test_commands_name_the_stack_that_was_chosen() -> None:
    options = " --data-dir elsewhere"
    plan = answer(dry_run=True, actions=[])
    assert next_step(plan, options=options) == f"`dsm orchestrate P1{options}` carries it out."
    alone = idle(sprint=RUNNING.model_copy(update={"cronjob": None}))
    assert f"--daily-scrum CRON{options}` adds one" in next_step(alone, running(), options)
    assert f"`dsm clock P1 --to next-sprint{options}`" in next_step(alone, running(), options)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("rejected", "Rejected, nothing was changed. It was to create a sprint"),
        ("expired", "Expired without an answer, nothing was changed. It was to create a sprint"),
        ("superseded", "Superseded by a newer decision, nothing was changed. It was to create"),
    ],
)
def test_plan_that_nobody_approved_is_no_refusal_of_a_service(
    status: RunOutcome, words: str
) -> None:
    ended = answer(actions=[]).model_copy(update={"status": status})
    assert headline(ended, None).startswith(words)


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
