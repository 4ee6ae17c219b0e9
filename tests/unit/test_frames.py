"""Rows for tables: what a node changed, and what was recorded."""

from typing import Any

from agent.analysis.frame_changes import change_rows
from agent.run_schema import RunStep


def _step(node: str, position: int, **update: Any) -> RunStep:
    return RunStep(node=node, position=position, ms=1.0, update=update, left_out={})


def test_each_node_shows_the_fields_that_it_changed() -> None:
    steps = [
        _step("analyse", 0, facts={"tasks": 15, "day": "2016-09-26"}, degraded=[]),
        _step("gate", 1, facts={"tasks": 15, "day": "2016-10-09"}, decision={"tasks": 6}),
    ]
    changed = [
        (row["node"], row["field"], row["before"], row["after"]) for row in change_rows(steps)
    ]
    assert changed == [
        ("analyse", "facts.tasks", None, 15),
        ("analyse", "facts.day", None, "2016-09-26"),
        ("analyse", "degraded", None, "none"),
        ("gate", "facts.day", "2016-09-26", "2016-10-09"),
        ("gate", "decision.tasks", None, 6),
    ]


def test_short_lists_are_opened_and_long_ones_are_counted() -> None:
    plan = [{"name": "create_sprint"}, {"name": "create_cronjob"}]
    rows = change_rows(
        [_step("gate", 0, plan=plan, tasks=[{"id": n} for n in range(9)], past=[3, 7])]
    )
    assert {row["field"]: row["after"] for row in rows} == {
        "plan[0].name": "create_sprint",
        "plan[1].name": "create_cronjob",
        "tasks": "9 items",
        "past": "3, 7",
    }
