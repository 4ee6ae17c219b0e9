"""An undo takes back the calls that were made, and names each one that it left."""

import pytest
from pydantic import JsonValue

from graphs.state import Actions
from graphs.undo import finished_calls, left_by_undo
from memory.decision import PlannedCall
from tools.guard import MadeCall

CREATE = PlannedCall(name="create_sprint", arguments={}, description="Create a sprint")
SCHEDULE = PlannedCall(name="create_cronjob", arguments={}, description="Schedule it")
MADE = "Created sprint P-S01 with 4 tasks"
CANCEL = PlannedCall(
    name="cancel_sprint", arguments={"sprint_id": "P-S01"}, description="Cancel sprint P-S01"
)


def deletion(sprint_id: str | None) -> PlannedCall:
    return PlannedCall(
        name="delete_cronjob",
        arguments={"name": "run-1"},
        description="Delete run-1",
        before={"sprint_id": sprint_id},
    )


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (None, 0),
        ([], 0),
        ([MADE], 1),
        ([MADE, "Created CronJob run-1"], 2),
        ([MADE, "Schedule it: refused, no such zone"], 1),
        (["Create a sprint: refused, one is in progress"], 0),
        # Of another release, which told more of its calls: no call is beyond the plan.
        ([MADE, "Created CronJob run-1", "Told the team"], 2),
    ],
)
def test_calls_are_those_of_the_plan_that_were_made(words: JsonValue, count: int) -> None:
    calls = finished_calls((CREATE, SCHEDULE), {"actions_taken": words})
    assert [finished.call for finished in calls] == [CREATE, SCHEDULE][:count]


def actions(*calls: PlannedCall, refused: str = "") -> Actions:
    results = tuple(MadeCall(name=call.name, arguments=call.arguments, result={}) for call in calls)
    return Actions(results, (refused,) if refused else ())


@pytest.mark.parametrize(
    ("sprint_id", "remaining"),
    [
        ("P-S01", []),
        ("P-S02", ["Delete run-1: not approved"]),
        (None, ["Delete run-1: not approved"]),
    ],
)
def test_schedule_goes_along_with_its_own_sprint_only(
    sprint_id: str | None, remaining: list[str]
) -> None:
    assert left_by_undo((deletion(sprint_id), CANCEL), {0}, actions(CANCEL)) == remaining


def test_schedule_stays_when_its_sprint_was_not_cancelled() -> None:
    plan = (deletion("P-S01"), CANCEL)
    refusal = "Cancel sprint P-S01: refused, work was reported"
    assert left_by_undo(plan, {0}, actions(refused=refusal)) == [
        "Delete run-1: not approved",
        refusal,
    ]


def test_calls_after_a_refused_one_were_not_tried() -> None:
    plan = (deletion("P-S01"), CANCEL)
    assert left_by_undo(plan, set(), actions(refused="Delete run-1: refused")) == [
        "Delete run-1: refused",
        "Cancel sprint P-S01: not tried after a step that was refused",
    ]
