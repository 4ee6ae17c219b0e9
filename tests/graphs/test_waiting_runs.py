"""A plan that waits is shown, is carried out by an approval alone, and only once."""

import asyncio

from tests.graphs.conftest import System
from tests.graphs.waiting import (
    answer,
    approvals,
    decide_again,
    details,
    schedules,
    schema_faults,
    sprints,
    start_asking,
    wait_for_person,
)


async def test_waiting_run_shows_what_changes_and_does_nothing(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    assert (run["status"], run["effect"], run["actions_taken"]) == ("waiting", "not_approved", [])
    approval = run["approval"]
    sprint, scrum = approval["changes"]
    assert (sprint["what"], sprint["before"]) == ("sprint", "none")
    assert sprint["after"].startswith("4 tasks, 2 weeks, ")
    assert scrum["before"] == "none"
    creation, job = approval["action_requests"]
    assert (creation["step"], creation["name"], creation["cannot_be_undone"]) == (
        0,
        "create_sprint",
        False,
    )
    assert job["undo"] == "deletes the schedule"
    assert [config["allowed_decisions"] for config in approval["review_configs"]] == [
        ["approve", "edit", "reject"]
    ] * 2
    assert schema_faults(run) == []
    properties = approval["review_configs"][0]["args_schema"]["properties"]
    assert properties["task_ids"]["type"] == "array"
    assert properties["project_id"]["const"] == "ASKS"
    assert "sprint_id" not in approval["review_configs"][1]["args_schema"]["properties"]
    assert (await sprints(system), await schedules(system)) == ([], [])
    stored = await details(system, run)
    assert (stored["status"], stored["approval"], stored["ended_at"]) == ("waiting", approval, None)


async def test_approval_carries_the_plan_out_and_answers_the_finished_run(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    response = await answer(system, run)
    assert response.status_code == 200, response.text
    done = response.json()
    assert (done["status"], done["effect"], done["approval"]) == ("done", "acted", None)
    [sprint], [job] = await sprints(system), await schedules(system)
    assert (sprint["total_tasks"], job["sprint_id"]) == (4, sprint["sprint_id"])
    stored = await details(system, run)
    assert (stored["status"], stored["reviewed_by"]) == ("done", "admin")
    assert stored["asked_by"] == "admin"
    assert stored["proposal"] is None


async def test_one_of_two_approvers_at_once_wins_and_the_other_learns_the_name(
    system: System,
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    responses = await asyncio.gather(*(answer(system, run) for _ in range(4)))
    won = [response for response in responses if response.status_code == 200]
    lost = [response.json() for response in responses if response.status_code == 409]
    assert (len(won), len(lost)) == (1, 3)
    assert {refusal["code"] for refusal in lost} == {"already_answered"}
    assert {refusal["reviewed_by"] for refusal in lost} == {"admin"}
    assert "admin approved it at" in lost[0]["detail"]
    assert (len(await sprints(system)), len(await schedules(system))) == (1, 1)


async def test_rejection_ends_the_run_and_does_nothing(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    decisions = [
        {"step": 0, "type": "reject", "reason": "too early"},
        {"step": 1, "type": "approve"},
    ]
    response = await answer(system, run, decisions)
    assert response.status_code == 200, response.text
    rejected = response.json()
    assert (rejected["status"], rejected["approval"]) == ("rejected", None)
    assert (await sprints(system), await schedules(system)) == ([], [])
    stored = await details(system, run)
    assert (stored["status"], stored["effect"]) == ("rejected", "not_approved")
    # The schedule of a sprint that is not made goes too.
    first, second = stored["review"]["decisions"]
    assert (first["reason"], second["type"]) == ("too early", "reject")
    assert "step 0" in second["reason"]
    again = await answer(system, run)
    assert (again.status_code, again.json()["code"]) == (409, "already_answered")
    assert "admin rejected it at" in again.json()["detail"]


async def test_one_step_may_be_rejected_and_the_others_are_carried_out(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    decisions = [{"step": 0, "type": "approve"}, {"step": 1, "type": "reject"}]
    response = await answer(system, run, decisions)
    assert response.status_code == 200, response.text
    assert (len(await sprints(system)), await schedules(system)) == (1, [])
    stored = await details(system, run)
    assert len(stored["proposal"]["plan"]) == 2
    assert len(stored["decision"]["plan"]) == 1


async def test_newer_decision_takes_the_place_of_the_waiting_one(system: System) -> None:
    await start_asking(system)
    older = await wait_for_person(system)
    newer = await decide_again(system)
    refused = await answer(system, older)
    assert (refused.status_code, refused.json()["code"]) == (409, "run_superseded")
    assert refused.json()["superseded_by"] == newer["run_id"]
    assert (await answer(system, newer)).status_code == 200
    assert len(await sprints(system)) == 1


async def test_repeated_request_gets_the_answer_of_its_waiting_run(system: System) -> None:
    await start_asking(system)
    await system.make_project("ASKS", 3)
    url = system.urls["orchestrator"] + "/orchestrate/project/ASKS"
    headers = {"Idempotency-Key": "one"}
    first, second = [await system.http.post(url, json={}, headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert (await answer(system, first.json())).status_code == 200
    third = await system.http.post(url, json={}, headers=headers)
    assert (third.status_code, third.json()["status"]) == (200, "done")


async def test_answer_with_another_fingerprint_or_to_an_unknown_run_is_refused(
    system: System,
) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    other = await answer(system, run, fingerprint="0" * 64)
    assert (other.status_code, other.json()["code"]) == (409, "plan_changed")
    body = {"fingerprint": "f", "decisions": approvals(run)}
    unknown = await system.post(
        "orchestrator", "/runs/00000000-0000-0000-0000-00000000dead/decision", body
    )
    assert unknown.status_code == 404
    assert (await details(system, run))["status"] == "waiting"


async def test_run_that_never_waited_takes_no_answer(system: System) -> None:
    await start_asking(system, autonomy="act")
    await system.make_project("ACTS", 3)
    run = (await system.orchestrate("ACTS")).json()
    assert run["status"] == "done"
    body = {"fingerprint": "f", "decisions": [{"step": 0, "type": "approve"}]}
    refused = await system.post("orchestrator", f"{run['run_url']}/decision", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "run_not_waiting")
    assert "is done and waits for nobody" in refused.json()["detail"]


async def test_wrong_missing_and_doubled_steps_are_refused(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system)
    first, second = approvals(run)
    wrong = {
        "no step 2": [first, {"step": 2, "type": "approve"}],
        "not answered": [first],
        "twice": [first, first],
        "takes no arguments": [first, second | {"arguments": {"schedule": "0 9 * * *"}}],
        "either arguments": [first, {"step": 1, "type": "edit"}],
    }
    for words, decisions in wrong.items():
        refused = await answer(system, run, decisions)
        assert refused.status_code == 400, words
        assert words in refused.text
    assert (await details(system, run))["status"] == "waiting"
