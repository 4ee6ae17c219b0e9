"""A run that changes in the middle of an answer refuses it by name, and no lost answer counts."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.runs import decisions
from memory.proposals import Proposals
from memory.run import RunInProgress
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.waiting import (
    JSON,
    answer,
    approvals,
    decide_again,
    details,
    start_asking,
    wait_for_person,
)

EXPIRE = "UPDATE runs SET expires_at = now() - interval '1 s'"


def rejections(run: JSON) -> list[JSON]:
    return [{**step, "type": "reject", "reason": "no"} for step in approvals(run)]


async def refused(system: System, run: JSON, steps: list[JSON] | None = None) -> JSON:
    response = await answer(system, run, steps)
    assert response.status_code == 409, response.text
    return response.json()


def in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    meanwhile: Callable[[], Awaitable[object]],
) -> None:
    """Let something happen right before a step of an answer, once."""
    step, calls = getattr(owner, name), 0

    async def later(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            await meanwhile()
        return await step(*values, **named)

    monkeypatch.setattr(owner, name, later)


async def test_answer_that_no_fact_can_help_reads_none(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    # Nothing of the basis can be read.
    await system.stop("backlog")
    paused = await system.post("orchestrator", "/orchestrate/pause", {"reason": "a fair"})
    assert paused.is_success, paused.text
    assert (await refused(system, run))["code"] == "paused"
    await change(system, EXPIRE)
    assert (await refused(system, run))["code"] == "run_expired"


async def test_time_that_is_over_while_the_facts_are_read_is_named(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    in_the_middle(monkeypatch, decisions, "read_basis", lambda: change(system, EXPIRE))
    assert (await refused(system, run))["code"] == "run_expired"


async def test_second_rejection_at_once_learns_of_the_first(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    in_the_middle(monkeypatch, Proposals, "reject", lambda: answer(system, run, rejections(run)))
    refusal = await refused(system, run, rejections(run))
    assert (refusal["code"], refusal["run_status"]) == ("already_answered", "rejected")


async def test_approval_learns_that_the_run_in_its_way_has_taken_its_place(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)

    async def too_late(*_: Any) -> Any:
        # As it is when the newer run begins before the approval, and waits right after it.
        newer.append(await decide_again(system))
        raise RunInProgress("another run is not finished")

    newer: list[JSON] = []
    monkeypatch.setattr(Proposals, "approve", too_late)
    refusal = await refused(system, run)
    assert refusal["code"] == "run_superseded"
    assert refusal["superseded_by"] == newer[0]["run_id"]


@pytest.mark.parametrize(("name", "lost"), [("approve", None), ("reject", False)])
async def test_answer_that_took_no_hold_is_never_told_as_one_that_did(
    system: System, monkeypatch: pytest.MonkeyPatch, name: str, lost: Any
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)

    async def lose(*_: Any) -> Any:
        return lost

    monkeypatch.setattr(Proposals, name, lose)
    steps = rejections(run) if name == "reject" else approvals(run)
    assert (await refused(system, run, steps))["code"] == "plan_changed"
    assert (await details(system, run))["status"] == "waiting"
