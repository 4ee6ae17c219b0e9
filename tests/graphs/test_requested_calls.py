"""A call that somebody asks for waits for a person, and is made once."""

from typing import Any

import httpx
import pytest

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.client import SprintClient
from memory.waiting_requests import MOST_REQUESTS
from tests.conftest import VIEWER_KEY
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.undoing import report
from tests.graphs.waiting import ALL, JSON, answer, details, schedules, sprints

P = "REQ"
TIMES = {"schedule": "0 7 * * 1-5", "timezone": "UTC"}


@pytest.fixture
async def started(system: System) -> System:
    await system.start(*ALL)
    await system.make_project(P, 4)
    return system


async def ask(system: System, name: str, arguments: JSON, **body: Any) -> httpx.Response:
    request = {"project_id": P, "name": name, "arguments": arguments} | body
    return await system.post("orchestrator", "/runs/requests", request)


async def test_requested_call_is_made_when_a_person_approves_it(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"]}
    response = await ask(
        started, "suspend_cronjob", arguments, reason="a fair", asked_by="chat of ada"
    )
    assert response.status_code == 202, response.text
    request = response.json()
    assert (request["kind"], request["status"]) == ("request", "waiting")
    assert request["approval"]["reason"] == "chat of ada (admin) asks for it: a fair"
    assert not (await schedules(started, P))[0]["paused"]
    done = (await answer(started, request)).json()
    assert (done["status"], done["actions_taken"]) == ("done", [f"Suspended CronJob {job['name']}"])
    assert (done["undoes"], done["undone"]) == (None, False)
    assert (await schedules(started, P))[0]["paused"]
    stored = await details(started, request)
    assert stored["request"]["key"] == "admin"
    assert (await details(started, run))["status"] == "done"


async def test_requested_call_can_be_undone(started: System) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"]}
    request = (await ask(started, "delete_cronjob", arguments)).json()
    assert (await answer(started, request)).status_code == 200
    assert await schedules(started, P) == []
    # A person wanted it away: no decision makes it again.
    await started.orchestrate(P)
    assert await schedules(started, P) == []
    undo = await started.post("orchestrator", f"{request['run_url']}/undo")
    assert undo.status_code == 202, undo.text
    assert (await answer(started, undo.json())).status_code == 200
    [again] = await schedules(started, P)
    assert (again["name"], again["schedule"]) == (job["name"], job["schedule"])
    # Nobody wants it away any more.
    assert await change(started, "SELECT * FROM deleted_schedules") == []


async def test_sprint_that_was_asked_for_is_created_once(started: System) -> None:
    backlog = await started.http.get(f"{started.urls['backlog']}/backlogs/{P}")
    first = backlog.json()[0]["task_id"]
    today = (await started.orchestrate(P, dry_run=True)).json()["as_of"]
    arguments = {
        "project_id": P,
        "duration_weeks": 1,
        "task_ids": [first],
        "start_date": today,
    }
    request = (await ask(started, "create_sprint", arguments)).json()
    done = (await answer(started, request)).json()
    [sprint] = await sprints(started, P)
    assert done["created"]["sprint_id"] == sprint["sprint_id"]
    refused = await answer(started, request)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_answered")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("drop_database", {}, "no tool that acts is named drop_database"),
        ("get_project", {"project_id": P}, "no tool that acts is named get_project"),
        ("close_sprint", {}, "sprint_id"),
        ("close_sprint", {"sprint_id": f"{P}-S01", "force": True}, "force"),
        ("close_sprint", {"sprint_id": "OTHER-S01"}, "ask for it in its own project"),
        ("close_sprint", {"sprint_id": 7}, "sprint_id"),
        (
            "create_cronjob",
            {"project_id": P, "sprint_id": "OTHER-S01", "ends_on": "2030-01-01", **TIMES},
            "create_cronjob is about OTHER",
        ),
    ],
)
async def test_wrong_request_is_refused_in_words(
    started: System, name: str, arguments: JSON, words: str
) -> None:
    refused = await ask(started, name, arguments)
    assert refused.status_code == 400, refused.text
    assert words in refused.json()["detail"]


async def test_schedule_of_another_project_is_not_asked_for(started: System) -> None:
    await started.make_project("OTHER", 2)
    await started.orchestrate("OTHER")
    [job] = await schedules(started, "OTHER")
    for name, times in {"delete_cronjob": {}, "change_cronjob": TIMES}.items():
        arguments = {"project_id": P, "name": job["name"], **times}
        refused = await ask(started, name, arguments)
        assert refused.status_code == 404, refused.text
        assert f"{P} has no schedule" in refused.json()["detail"]


async def test_undo_of_an_adopted_schedule_brings_its_times_back(started: System) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "sprint_id": job["sprint_id"], "ends_on": job["ends_on"], **TIMES}
    request = (await ask(started, "create_cronjob", arguments)).json()
    words = request["approval"]["action_requests"][0]["undo"]
    assert words.startswith("changes the schedule back to")
    assert (await answer(started, request)).status_code == 200
    assert (await schedules(started, P))[0]["schedule"] == TIMES["schedule"]
    undo = await started.post("orchestrator", f"{request['run_url']}/undo")
    assert (await answer(started, undo.json())).status_code == 200
    [again] = await schedules(started, P)
    assert again["schedule"] == job["schedule"]


async def test_project_has_a_bounded_number_of_requests(started: System) -> None:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"], "timezone": "UTC"}
    for hour in range(MOST_REQUESTS):
        times = arguments | {"schedule": f"0 {hour} * * 1-5"}
        assert (await ask(started, "change_cronjob", times)).status_code == 202
    refused = await ask(started, "suspend_cronjob", {"project_id": P, "name": job["name"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_requests_waiting")
    # They stand in nobody's way.
    assert (await started.orchestrate(P)).status_code == 200


async def test_same_request_again_is_answered_by_the_run_that_waits(started: System) -> None:
    await started.orchestrate(P)
    [sprint] = await sprints(started, P)
    arguments = {"sprint_id": sprint["sprint_id"]}
    first = await ask(started, "close_sprint", arguments, asked_by="chat of ada")
    again = await ask(started, "close_sprint", arguments, reason="another try")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert len(await waiting_runs(started)) == 1
    # A person who rejected it is asked again: the request is a new one.
    decisions = [{"step": 0, "type": "reject", "reason": "not now"}]
    rejected = await answer(started, first.json(), decisions)
    assert rejected.json()["status"] == "rejected"
    later = (await ask(started, "close_sprint", arguments)).json()
    assert later["run_id"] != first.json()["run_id"]
    assert later["status"] == "waiting"


async def test_request_on_facts_that_have_changed_takes_the_older_ones_place(
    started: System,
) -> None:
    backlog = (await started.http.get(f"{started.urls['backlog']}/backlogs/{P}")).json()
    first, *_, last = [task["task_id"] for task in backlog]
    today = (await started.orchestrate(P, dry_run=True)).json()["as_of"]
    arguments = {
        "project_id": P,
        "duration_weeks": 2,
        "task_ids": [first, last],
        "start_date": today,
    }
    older = (await ask(started, "create_sprint", arguments)).json()
    url = f"{started.urls['backlog']}/tasks/{last}"
    assert (await started.http.put(url, json={"title": "Another"})).status_code == 200
    newer = (await ask(started, "create_sprint", arguments)).json()
    assert newer["run_id"] != older["run_id"]
    details_of_older = await details(started, older)
    assert (details_of_older["status"], details_of_older["superseded_by"]) == (
        "superseded",
        newer["run_id"],
    )
    assert (await answer(started, older)).status_code == 409
    assert (await answer(started, newer)).json()["status"] == "done"


async def waiting_runs(system: System) -> list[JSON]:
    page = await system.http.get(f"{system.urls['orchestrator']}/runs?status=waiting")
    return page.json()["runs"]


async def test_viewer_may_not_ask(started: System) -> None:
    started.http.headers["Authorization"] = f"Bearer {VIEWER_KEY}"
    assert (await ask(started, "close_sprint", {"sprint_id": f"{P}-S01"})).status_code == 403
    path = "/runs/00000000-0000-0000-0000-000000000001/undo"
    assert (await started.post("orchestrator", path)).status_code == 403


async def test_unknown_project_and_run_are_refused(started: System) -> None:
    body = {"project_id": "NONE", "name": "close_sprint", "arguments": {"sprint_id": "NONE-S01"}}
    assert (await started.post("orchestrator", "/runs/requests", body)).status_code == 404
    assert (await ask(started, "close_sprint", {"sprint_id": f"{P}-S77"})).status_code == 404
    path = "/runs/00000000-0000-0000-0000-000000000001/undo"
    assert (await started.post("orchestrator", path)).status_code == 404


async def test_call_that_would_be_refused_now_asks_nobody(started: System) -> None:
    day = (await started.orchestrate(P)).json()["as_of"]
    [sprint] = await sprints(started, P)
    late = {"tasks": [{"title": "A late one"}]}
    await started.post("backlog", f"/backlogs/{P}/tasks", late)
    create = {
        "project_id": P,
        "duration_weeks": 1,
        "task_ids": [f"{P}-TASK005"],
        "start_date": day,
    }
    beside = await ask(started, "create_sprint", create)
    assert (beside.status_code, beside.json()["code"]) == (409, "not_now"), beside.text
    assert sprint["sprint_id"] in beside.json()["detail"]
    close = {"sprint_id": sprint["sprint_id"]}
    await started.post("sprint", f"/sprints/{sprint['sprint_id']}/close")
    for name, arguments in {"close_sprint": close, "cancel_sprint": close}.items():
        refused = await ask(started, name, arguments)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_now"), refused.text
        assert f"{sprint['sprint_id']} is " in refused.json()["detail"]
    assert await waiting_runs(started) == []


async def test_refused_call_ends_its_request_as_failed(started: System) -> None:
    run = (await started.orchestrate(P)).json()
    [sprint] = await sprints(started, P)
    await report(started, run)
    arguments = {"sprint_id": sprint["sprint_id"], "reason": "too early"}
    request = (await ask(started, "cancel_sprint", arguments)).json()
    assert request["approval"]["action_requests"][0]["cannot_be_undone"]
    outcome = (await answer(started, request)).json()
    assert outcome["status"] == "failed"
    assert "refused" in outcome["actions_taken"][0]
    # Closing it counts as the end of its work, and is carried out.
    close = (await ask(started, "close_sprint", {"sprint_id": sprint["sprint_id"]})).json()
    assert close["approval"]["action_requests"][0]["cannot_be_undone"]
    assert (await answer(started, close)).json()["status"] == "done"


async def test_edge_of_what_may_be_asked_for_is_that_of_an_edit(started: System) -> None:
    today = (await started.orchestrate(P, dry_run=True)).json()["as_of"]
    create = {
        "project_id": P,
        "duration_weeks": 1,
        "task_ids": [f"{P}-TASK001"],
        "start_date": today,
    }
    many = [f"{P}-TASK{number:03}" for number in range(1, 502)]
    for changes, words in (
        ({"task_ids": many}, "501 tasks are more than 500"),
        ({"task_ids": ["OTHER-TASK001"]}, "no free task of the project"),
        ({"start_date": "2020-01-06"}, "never begins before today"),
    ):
        refused = await ask(started, "create_sprint", create | changes)
        assert refused.status_code == 400, refused.text
        assert words in refused.json()["detail"]
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    never = {"project_id": P, "name": job["name"], "schedule": "0 9 30 2 *", "timezone": "UTC"}
    refused = await ask(started, "change_cronjob", never)
    assert refused.status_code == 400, refused.text
    assert "would never run" in refused.json()["detail"]
    assert await waiting_runs(started) == []


async def test_refusal_that_is_about_no_id_is_not_told_as_an_unknown_one(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise PeerRefused("sprint", 403, {"detail": "the key may not read sprints"})

    monkeypatch.setattr(SprintClient, "get_sprint", refuse)
    refused = await ask(started, "close_sprint", {"sprint_id": f"{P}-S01"})
    assert refused.status_code != 404
    assert refused.json()["code"] == "peer_refused"


async def test_run_says_which_of_the_deeds_of_a_sprint_was_asked_for(started: System) -> None:
    await started.orchestrate(P)
    [sprint] = await sprints(started, P)
    arguments = {"sprint_id": sprint["sprint_id"]}
    for name, deeds in {"close_sprint": (False, True), "cancel_sprint": (False, False)}.items():
        request = (await ask(started, name, arguments)).json()
        decision = (await details(started, request))["decision"]
        assert (decision["create_sprint"], decision["close_sprint"]) == deeds
