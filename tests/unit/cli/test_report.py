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
from agent.cli.reasons import evidence_line, reason
from agent.cli.report import render
from agent.cli.report_evidence import own_history
from agent.cli.report_outcome import actual_outcome
from agent.cli.report_tasks import task_rows, task_table
from agent.cli.running_sprint import RunningSprint
from graphs.answer import CurrentSprint, HistoricalContext, Orchestration
from graphs.approval import RunOutcome
from memory.decision import LeftOutTask, Range
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
    selected,
    selection,
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
REVIEW = "Of the 23 picked expect 14 (9 to 20): the team completes 61% of what it commits to."
ROOM = (
    "Room is left for work that arrives: 14.2 such tasks are finished in a sprint on average (8 to"
    " 22)."
)
DAYS_OFF = "Days off leave 90% of the working time."
STALE = (
    "P1-TASK004 has been open for 14 months; of tasks this old 1 of 100 are finished in a sprint:"
    " confirm, split or drop it"
)
MIXED = selection(
    (
        selected(1, reason="rank 1 of the Product Owner", rank=1, points=8, age_days=200),
        selected(2, reason="carried over or begun", carried_over=True, points=5),
        selected(3, reason="priority 1", priority=1),
        selected(4, reason="priority 1", priority=1, chance=0.01, is_stale=True, age_days=426),
    ),
    (
        LeftOutTask(
            task_id="P1-TASK009", title="[ui] later", reason="waits for P1-TASK005", chance=0.2
        ),
    ),
    (STALE,),
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


def test_stale_tasks_are_always_named_and_many_of_them_by_why() -> None:
    assert "Stale: P1-TASK004 has been open for 14 months" in page(Situation(answer(chosen=MIXED)))
    many = selection(
        tuple(selected(number, is_stale=True) for number in range(1, 9)),
        warnings=tuple(f"P1-TASK00{number} is old" for number in range(1, 9)),
    )
    text = page(Situation(answer(chosen=many)))
    assert text.count("is old") == 5
    assert "Stale: 3 more stale tasks, listed by --why." in text
    assert page(Situation(answer(chosen=many), why=True)).count("is old") == 8


def test_columns_are_shown_where_tasks_differ() -> None:
    same, *lines = task_table(task_rows(answer()))
    for part in ("why", "priority", "assigned to", "points"):
        assert part not in printed(same)
    assert [printed(line, 100).strip() for line in lines] == [
        "why: how often tasks of its age are finished",
        "chance: finished within two weeks, of tasks of this age; 7.4 of these 12 by age alone",
    ]
    mixed, *lines = task_table(task_rows(answer(chosen=MIXED)))
    for part in ("why", "priority", "points", "rank 1 of the Product Owner", "6 of 10", "1 of 100"):
        assert part in printed(mixed)
    assert len(lines) == 1


def test_tasks_of_a_created_sprint_stand_in_planning_order() -> None:
    reversed_order = selection(tuple(map(selected, (3, 1, 2))))
    rows = task_rows(answer(new=created(4), chosen=reversed_order))
    assert [row.task_id[-1] for row in rows] == ["3", "1", "2", "4"]


def test_points_are_summed_over_the_estimated_tasks() -> None:
    assert "13 in 2 estimated tasks, of 4" in page(Situation(answer(chosen=MIXED)))


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


def test_titles_are_printed_without_markup_and_terminal_codes() -> None:
    titles = ["[/login] returns 500", "[ui] header is cut off", "a\x1b[31mb"]
    tasks = [task(number, title) for number, title in enumerate(titles, start=1)]
    tasks = [item.model_copy(update={"assigned_to": "[b]ann"}) for item in tasks]
    new = created().model_copy(update={"tasks": tasks})
    table, *_ = task_table(task_rows(answer(new=new)))
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
    return Comparison("2025-06-22", window_days, decided_days, 9, 4, None, 6, 10, 6)


def test_only_windows_of_equal_length_have_a_verdict() -> None:
    assert comparison(14, 14).nearer == "recommendation"
    assert comparison(7, 14).nearer is None
    assert comparison(7, 14).in_usual_range is None
    assert "none: the actual outcome is of 7 days, the decision is for 14" in printed(
        actual_outcome(comparison(7, 14))
    )


def test_verdict_is_about_finished_tasks_of_the_backlog() -> None:
    text = " ".join(printed(actual_outcome(OUTCOME)).split())
    assert "11 tasks of this backlog finished, and 15 that arrived later" in text
    assert "rule's 10 missed it by 1 (too few), evidence's 12 (applied) missed it by 1" in text
    assert "both were equally near" in text
    exact = " ".join(printed(actual_outcome(replace(OUTCOME, from_backlog=10))).split())
    assert "the rule's 10 met it exactly, evidence's 12 (applied) missed it by 2" in exact
    assert "the rule was nearer" in exact
    rejected = printed(actual_outcome(replace(OUTCOME, applied=10)))
    assert "the rule's 10 (applied)" in rejected
    assert "rule and evidence both planned 10" in printed(
        actual_outcome(replace(OUTCOME, recommended=10))
    )


def test_outcome_is_set_beside_the_expected_range() -> None:
    text = " ".join(printed(actual_outcome(OUTCOME)).split())
    assert "backlog 11 finished, 11.9 expected: in the usual range, 8 to 15" in text
    assert "arrived 15 finished, 14.2 expected: in the usual range, 8 to 22" in text
    assert OUTCOME.in_usual_range is True
    few = replace(OUTCOME, from_backlog=7, finished=40)
    assert few.in_usual_range is False
    text = " ".join(printed(actual_outcome(few)).split())
    assert "backlog 7 finished, 11.9 expected: outside the usual range, 8 to 15" in text
    assert "arrived 33 finished, 14.2 expected: outside the usual range, 8 to 22" in text


def test_plan_of_picked_tasks_is_compared_with_the_picked_ones() -> None:
    draft = replace(
        OUTCOME, picked=5, picked_finished=2, rule=5, recommended=2, applied=2, finished=26
    )
    text = " ".join(printed(actual_outcome(draft)).split())
    assert "of the picked 2 of 5" in text
    assert "picked 2 finished, 11.9 expected: outside the usual range" in text
    assert "the rule's 5 missed it by 3 (too many), evidence's 2 (applied) met it exactly" in text
    assert draft.nearer == "recommendation"


def test_partly_known_window_has_a_count_and_no_verdict() -> None:
    partly = replace(OUTCOME, known_until="2016-10-09")
    text = printed(actual_outcome(partly))
    assert "known until 2016-10-09  11 tasks of this backlog finished, and 15 that" in text
    assert "verdict" not in text
    assert "usual range" not in text


def test_decision_without_a_sprint_shows_the_outcome_without_a_verdict() -> None:
    text = printed(actual_outcome(comparison(14, None)))
    assert "4 tasks of this backlog finished, and 5 that arrived later" in text
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
