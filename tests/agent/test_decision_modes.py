"""Decision modes are set by project, stored by version, and read by each run."""

import asyncio
from typing import Any

from tests.agent.conftest import get
from tests.graphs.conftest import System

PATH = "/orchestrate/project/{}/decision-mode"


async def change(system: System, project_id: str, **body: Any) -> Any:
    return await system.post("orchestrator", PATH.format(project_id), body)


async def test_changed_mode_has_a_version_and_holds_from_the_next_run_on(whole: System) -> None:
    await whole.make_project("MODE", 4)
    assert (await get(whole, PATH.format("MODE")))["version"] == 0

    shadow = (await change(whole, "MODE", mode="shadow", confidence_threshold=0.9)).json()
    assert (shadow["version"], shadow["mode"], shadow["confidence_threshold"]) == (1, "shadow", 0.9)
    answer = (await whole.orchestrate("MODE")).json()
    assert answer["actions_planned"]
    assert (answer["actions_taken"], answer["created"]) == ([], None)
    assert answer["intelligence_metadata"]["decision_mode"] == "shadow"
    assert answer["decisions"]["confidence_scores"]["minimum_threshold"] == 0.9

    ruled = (await change(whole, "MODE", mode="rule_based_only")).json()
    assert (ruled["version"], ruled["confidence_threshold"]) == (2, 0.9)
    assert [version["mode"] for version in ruled["history"]] == ["rule_based_only", "shadow"]
    assert ruled["history"][0]["changed_by"] == "admin"
    answer = (await whole.orchestrate("MODE")).json()
    assert answer["created"]["sprint_id"] == "MODE-S01"
    assert answer["intelligence_metadata"]["decision_mode_version"] == 2

    for body, message in (
        ({"mode": "wild"}, "'rule_based_only', 'intelligence_enhanced' or 'shadow'"),
        ({"confidence_threshold": 1.01}, "less than or equal to 1"),
        ({"confidence_threshold": "0.8"}, "valid number"),
        ({"enable_task_count_adjustment": "yes"}, "valid boolean"),
        ({}, "names nothing to change"),
    ):
        refused = await change(whole, "MODE", **body)
        assert (refused.status_code, message in refused.json()["detail"]) == (400, True), body
    assert (await change(whole, "NOBODY", mode="shadow")).status_code == 404
    assert (await get(whole, PATH.format("MODE")))["version"] == 2


async def test_simultaneous_changes_of_different_fields_all_take_effect(whole: System) -> None:
    await whole.make_project("MANY", 0)
    for number in range(1, 21):
        changes = {
            "mode": "shadow" if number % 2 else "rule_based_only",
            "confidence_threshold": number / 100,
            "enable_task_count_adjustment": not number % 2,
            "enable_sprint_duration_adjustment": bool(number % 2),
        }
        answers = await asyncio.gather(
            *(change(whole, "MANY", **{name: value}) for name, value in changes.items())
        )
        assert [answer.status_code for answer in answers] == [200] * 4
        mode = await get(whole, PATH.format("MANY"))
        assert {name: mode[name] for name in changes} == changes, number
        assert mode["version"] == 4 * number
