"""Fortnights of dated tasks: what was known, how plans of them and choices are scored."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.decision_quality import backlog, selection
from benchmarks.decision_quality.fortnights import Fortnight, Task, fortnights, read_tasks
from tests.unit.decision_quality.conftest import MONDAY, dated_tasks

Projects = dict[str, list[Fortnight]]


def test_shipped_tasks_are_read_in_the_order_of_their_creation():
    projects = read_tasks()
    assert {name: len(tasks) for name, tasks in projects.items()} == {
        "project 0": 2427,
        "project 1": 1696,
    }
    for tasks in projects.values():
        assert tasks == sorted(tasks, key=lambda task: (task.created, task.number))
        assert all(task.finished >= task.created for task in tasks)


def test_the_order_of_the_file_says_nothing(tmp_path: Path):
    header = "id,project,task,created_date,finished_date,cycle_time_days\n"
    rows = [f"t{n},0,{n},2016-01-0{n % 7 + 1},2016-02-01,1\n" for n in range(30)]
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text(header + "".join(rows))
    Random(1).shuffle(rows)
    second.write_text(header + "".join(rows))
    assert read_tasks(first) == read_tasks(second)


def test_a_fortnight_counts_what_was_open_and_finished_as_the_backlog_does():
    tasks = [
        Task(MONDAY - timedelta(days=1), 1, MONDAY),  # open at the start, finished on that day
        Task(MONDAY - timedelta(days=20), 2, MONDAY + timedelta(days=13)),
        Task(MONDAY - timedelta(days=20), 3, MONDAY + timedelta(days=14)),
        Task(MONDAY, 4, MONDAY + timedelta(days=1)),  # arrives
        Task(MONDAY - timedelta(days=20), 5, MONDAY - timedelta(days=1)),
        Task(MONDAY + timedelta(days=40), 6, MONDAY + timedelta(days=41)),
    ]
    by_day = {
        fortnight.ages.day: fortnight for fortnight in fortnights("p", sorted(tasks, key=_created))
    }
    here, after = by_day[MONDAY], by_day[MONDAY + timedelta(days=14)]
    assert (len(here.open_tasks), here.finished) == (3, 2)
    assert here.ages.open_tasks == [0, 1, 0, 0, 2, 0, 0, 0, 0, 0]
    window = after.ages.windows[-1]
    assert window.start_date == MONDAY
    assert (sum(window.open), sum(window.finished), window.arrived) == (3, 2, 1)
    assert (after.history[-1].completed, after.history[-1].arrived) == (3, 1)


def _created(task: Task) -> date:
    return task.created


def test_nothing_of_a_fortnight_or_later_is_known_at_its_start(projects: Projects):
    here = projects["project 0"][20]
    later = here.ages.day + timedelta(days=14)
    tasks = [
        replace(task, finished=max(task.finished, later + timedelta(days=300)))
        if task.finished >= here.ages.day
        else task
        for task in dated_tasks()
    ]
    there = fortnights("project 0", tasks)[20]
    assert (there.ages, there.history) == (here.ages, here.history)
    assert (here.finished > 0, there.finished) == (True, 0)


def test_the_product_chooses_by_class_then_oldest_and_never_by_the_future(projects: Projects):
    fortnight = projects["project 0"][-1]
    order = selection.by_chance(fortnight)
    tasks = list(fortnight.open_tasks)
    Random(2).shuffle(tasks)
    assert selection.by_chance(replace(fortnight, open_tasks=tuple(tasks))) == order
    future = [replace(task, finished=task.finished + timedelta(days=50)) for task in tasks]
    unknowing = selection.by_chance(replace(fortnight, open_tasks=tuple(future)))
    assert [task.number for task in unknowing] == [task.number for task in order]
    assert order != selection.oldest_first(fortnight)
    assert order != selection.newest_first(fortnight)


def test_orders_by_age_are_each_others_mirror(projects: Projects):
    fortnight = projects["project 0"][-1]
    oldest = [fortnight.age_of(task) for task in selection.oldest_first(fortnight)]
    newest = [fortnight.age_of(task) for task in selection.newest_first(fortnight)]
    assert oldest == newest[::-1] == sorted(newest, reverse=True)


def test_a_choice_is_scored_against_the_expected_value_of_a_draw(projects: Projects):
    score = selection.measure(projects)["orders"]["together"]["5"]
    scored = [
        fortnight
        for fortnight in projects["project 0"]
        if fortnight.place >= 6 and len(fortnight.open_tasks) > 5
    ]
    assert score["fortnights"] == len(scored)
    drawn = [5 * fortnight.finished / len(fortnight.open_tasks) for fortnight in scored]
    assert score["random"]["chosen"]["value"] == pytest.approx(np.mean(drawn) / 5)
    assert score["random"]["over_random"]["value"] == 1
    chance, oldest = (
        score[name]["over_random"]["value"] for name in ("chance_then_oldest", "oldest_first")
    )
    assert max(oldest, 1) < chance < score["possible"]["over_random"]["value"]


def test_bounds_are_drawn_by_quarters_and_by_years(projects: Projects):
    blocks = Counter(backlog.block_of(fortnight) for fortnight in projects["project 0"])
    assert max(blocks.values()) == backlog.QUARTER
    years = {backlog.block_of(fortnight, backlog.YEAR) for fortnight in projects["project 0"]}
    assert len(years) < len(blocks)


def test_plans_of_a_backlog_are_scored_from_the_tenth_fortnight_on(projects: Projects):
    scored = backlog.decide_fortnights(projects["project 0"])
    assert min(fortnight.working or 0 for fortnight, _ in scored) == backlog.WARM_UP
    assert all(decision.applied <= len(fortnight.open_tasks) for fortnight, decision in scored)
    measured = backlog.measure(projects)
    plans = measured["projects"]["project 0"]["plans"]
    assert plans["applied"]["mae"] < plans["ten_or_all"]["mae"]
    assert measured["together"]["followed"]["value"] > 0
    assert measured["together"]["decisions"] == len(scored)


def test_a_project_without_enough_fortnights_has_no_plans():
    short = {"short": fortnights("short", dated_tasks(60))}
    assert backlog.measure(short) == {"projects": {}, "together": None}
    assert selection.measure(short)["orders"]["short"]["5"] == {"fortnights": 0}


def test_the_applied_expectation_is_the_evidences_where_it_is_followed(projects: Projects):
    scored = [decision for _, decision in backlog.decide_fortnights(projects["project 0"])]
    followed = [decision for decision in scored if decision.follows]
    assert any(decision.passed for decision in followed)
    assert any(decision.recommended == decision.rule for decision in followed)
    assert all(one.expectation.planned == one.proposal.forecast for one in followed)
    others = [decision for decision in scored if not decision.follows]
    assert all(one.expectation.planned == one.proposal.rule_forecast for one in others)
