"""Services on the upgraded databases of release 0.1.0 finish and answer as that release did."""

from typing import Any

import httpx

from tests.agent.conftest import get, until
from tests.golden.recording import assert_recorded, parse, parse_column
from tests.golden.story import rows
from tests.graphs.conftest import System
from tests.migrations.release import FOLDER

PROJECTS = ("CUT", "ENDS", "HIST", "LATE")
ABOUT_A_PROJECT = (
    "/orchestrate/project/{}/status",
    "/orchestrate/project/{}/decision-mode",
    "/orchestrate/intelligence/data-quality/{}",
    "/orchestrate/intelligence/decision-impact/{}",
    "/orchestrate/intelligence/decision-audit/{}",
    "/orchestrate/intelligence/patterns/velocity-trends/{}",
    "/orchestrate/intelligence/project/{}/insights",
)
NOTES = (
    "sprint_planning?sprint_id=LATE-S01",
    "sprint_retrospective?sprint_id=ENDS-S01",
    "daily_scrum_report?sprint_id=ENDS-S01",
)
_EPISODES = """
    SELECT project_id, decision_source, sprint_id, completed_tasks, perception::text AS perception,
           reasoning::text AS reasoning, action::text AS action
    FROM episodes WHERE project_id IN ('CUT', 'LATE') AND origin = 'run' ORDER BY decided_at
"""


async def finish(system: System) -> None:
    """Wait until the decided run is executed and everything undelivered has arrived."""

    async def finished() -> bool:
        open_runs = await rows(
            system, "orchestrator", "SELECT 1 FROM runs WHERE status IN ('running', 'decided')"
        )
        journal = await rows(system, "orchestrator", "SELECT 1 FROM episode_journal")
        events = [
            await rows(system, service, "SELECT 1 FROM outbox WHERE closed_at IS NULL")
            for service in ("sprint", "daily_scrum")
        ]
        return not (open_runs or journal or any(events)) and await _delivered(system)

    await until(finished, 40)


async def _delivered(system: System) -> bool:
    for path in (*NOTES, "sprint_planning?sprint_id=CUT-S09"):
        answer = await system.http.get(f"{system.urls['chronicle']}/v1/notes/{path}")
        if answer.status_code != 200:
            return False
    for project_id, audits in (("LATE", 1), ("CUT", 2)):
        path = f"/orchestrate/intelligence/decision-audit/{project_id}"
        trail = await get(system, path)
        if trail["pending"] or trail["total"] != audits:
            return False
    return True


async def _text(system: System, path: str, service: str = "orchestrator") -> str:
    answer = await system.http.get(system.urls[service] + path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_answers_are_those_of_the_earlier_release(upgraded: System) -> None:
    await finish(upgraded)
    document: dict[str, Any] = {}
    for project_id in PROJECTS:
        for route in ABOUT_A_PROJECT:
            path = route.format(project_id)
            document[path] = _shortened(parse(await _text(upgraded, path)))
    for path in ("/orchestrate/intelligence/learning", "/memory/backlog"):
        document[path] = parse(await _text(upgraded, path))
    for service in ("backlog", "sprint", "orchestrator"):
        path = "/admin/dead-letters"
        document[f"{service} {path}"] = parse(await _text(upgraded, path, service))
    for path in NOTES:
        notes = await _text(upgraded, f"/v1/notes/{path}", "chronicle")
        document[path] = parse(notes)
    document["episodes"] = [
        {
            name: parse_column(value) if name in ("perception", "reasoning", "action") else value
            for name, value in episode.items()
        }
        for episode in await rows(upgraded, "orchestrator", _EPISODES)
    ]
    learned = await upgraded.post("orchestrator", "/orchestrate/intelligence/learn")
    document["learn"] = parse(learned.text)
    assert_recorded("answers", document, folder=FOLDER)


def _shortened(answer: Any) -> Any:
    """Keep the first and the last of many audits: the rows of all are compared elsewhere."""
    if len(answer.get("audits", [])) > 2:
        answer["audits"] = [answer["audits"][0], answer["audits"][-1]]
    return answer


async def test_decided_run_is_executed_exactly_once(upgraded: System) -> None:
    await finish(upgraded)
    sprints = await get(upgraded, "/sprints/by-project/CUT", "sprint")
    assert [(sprint["sprint_id"], sprint["total_tasks"]) for sprint in sprints] == [("CUT-S09", 5)]
    status = await get(upgraded, "/orchestrate/project/CUT/status")
    assert status["cronjobs"] == ["run-dailyscrum-cut-s09"]
    (run,) = await rows(
        upgraded,
        "orchestrator",
        "SELECT response::text FROM runs WHERE project_id = 'CUT' AND status = 'done'"
        " AND NOT (request ->> 'dry_run')::boolean",
    )
    assert_recorded("recovered_run", parse_column(run["response"]), folder=FOLDER)
    await upgraded.stop("orchestrator")
    await upgraded.start("orchestrator")
    again = (await upgraded.orchestrate("CUT")).json()
    assert again["created"] is None
    assert again["analysis"]["current_sprint"]["sprint_id"] == "CUT-S09"


async def test_tasks_obey_the_sprint_that_holds_them_until_it_ends(upgraded: System) -> None:
    await finish(upgraded)
    running = await get(upgraded, "/sprints/HIST-S26/tasks", "sprint")
    assert {task["status"] for task in running} >= {"completed", "in_progress"}
    for task in running:
        change = {"progress_percentage": 50}
        refused = await _change(upgraded, task["task_id"], change)
        assert refused.status_code == 422, refused.text
        assert f"/tasks/{task['task_id']}/progress" in refused.json()["detail"]
        titled = await _change(upgraded, task["task_id"], {"title": "Another title"})
        assert titled.status_code == 200, titled.text

    for sprint_id in ("HIST-S11", "HIST-S25", "ENDS-S01"):
        tasks = await get(upgraded, f"/sprints/{sprint_id}/tasks", "sprint")
        done = next(task["task_id"] for task in tasks if task["status"] == "completed")

        async def reopened(task_id: str = done) -> bool:
            answer = await _change(upgraded, task_id, {"progress_percentage": 50})
            return answer.status_code == 200

        await until(reopened)
        task = await get(upgraded, f"/tasks/{done}", "backlog")
        assert (task["status"], task["sprint_id"]) == ("in_progress", None)


async def test_unconfirmed_events_reach_the_backlog(upgraded: System) -> None:
    await finish(upgraded)
    for sprint_id in ("HIST-S26", "LATE-S01"):
        for task in await get(upgraded, f"/sprints/{sprint_id}/tasks", "sprint"):
            stored = await get(upgraded, f"/tasks/{task['task_id']}", "backlog")
            for name in ("status", "progress_percentage", "assigned_to", "sprint_id"):
                assert stored[name] == task[name], (task["task_id"], name)
    tasks = await get(upgraded, "/backlogs/ENDS", "backlog")
    assert sorted(task["status"] for task in tasks) == ["completed", "unassigned", "unassigned"]


async def _change(system: System, task_id: str, body: dict[str, Any]) -> httpx.Response:
    return await system.http.put(f"{system.urls['backlog']}/tasks/{task_id}", json=body)
