"""From a file to an executed decision, through the command that a user types."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from agent.cli import demo
from tests.e2e.conftest import EXAMPLE, Dsm
from tests.ports import free_port


@pytest.fixture
def api(dsm: Dsm) -> Any:
    with httpx.Client(headers={"Authorization": f"Bearer {dsm.key}"}, timeout=30) as client:
        yield client


def test_second_import_changes_nothing(dsm: Dsm) -> None:
    again = dsm.import_example("2016-06-06", "P")
    assert [item["changed"] for item in again["imported"]] == [False, False]
    for project, backlog, sprints in (("P0", 17, 108), ("P1", 18, 37)):
        assert again["projects"][project]["backlog"] == backlog
        assert again["projects"][project]["past_sprints"] == sprints


def test_dry_import_writes_nothing(dsm: Dsm, api: httpx.Client) -> None:
    preview = dsm.import_example("2015-03-02", "DRY", "--dry-run")
    assert preview["dry_run"] is True
    assert preview["projects"]["DRY0"]["backlog"] > 0
    assert api.get(f"{dsm.url(1)}/projects/DRY0").status_code == 404


def test_day_before_the_projects_own_is_refused_before_anything_is_written(dsm: Dsm) -> None:
    options = ("--map", demo.MAPPING, "--prefix", "P", "--as-of", "2015-03-02")
    done = dsm.run("import", "csv", str(EXAMPLE), *options)
    assert done.returncode == 2
    assert "P0 is at 2016-06-06 and never goes back" in done.stderr


def test_decision_is_carried_out_exactly_and_explained(dsm: Dsm, api: httpx.Client) -> None:
    answer = dsm.json("orchestrate", "P1")
    assert answer["analysis"]["unassigned_tasks"] == 18
    assert answer["analysis"]["historical_context"]["completed_per_sprint"][-4:] == [15, 12, 10, 14]
    decisions = answer["decisions"]
    assert decisions["rule_based_decision"]["tasks_to_assign"] == 4
    assert "The last six sprints finished" in answer["expectation"]["pace"]
    count = decisions["intelligence_adjustments"]["task_count_modification"]
    assert count["applied_value"] == decisions["tasks_to_assign"]
    assert count["sample_size"] > 0
    assert answer["intelligence_metadata"]["similar_episodes"][0]["outcome"]["completed_tasks"] >= 0
    assert answer["actual"]["finished"] == 13

    created = answer["created"]
    assert created["sprint_id"] == "P1-S38"
    stored = api.get(f"{dsm.url(3)}/sprints/P1-S38").json()
    assert len(stored["tasks"]) == decisions["tasks_to_assign"]
    assert stored["duration_weeks"] == decisions["sprint_duration_weeks"]
    assert stored["start_date"] == "2016-06-06"
    chosen = {task["task_id"] for task in stored["tasks"]}
    assert chosen == {task["task_id"] for task in created["tasks"]}
    assert chosen == {task["task_id"] for task in answer["selection"]["tasks"]}
    _until(lambda: _assigned(dsm, api, "P1") == chosen)

    again = dsm.json("orchestrate", "P1")
    assert again["created"] is None
    assert again["actions_taken"] == []
    assert "P1-S38 is in progress" in again["decisions"]["reasoning"]
    running = again["running_sprint"]
    assert (running["done_tasks"], running["total_tasks"]) == (0, len(chosen))
    assert (running["working_day"], running["working_days"]) == (1, 10)
    assert 0 < running["open_probability"] < 1
    assert running["standing"] in " ".join(dsm.run("orchestrate", "P1").stdout.split())


def _assigned(dsm: Dsm, api: httpx.Client, project: str) -> set[str]:
    tasks = api.get(f"{dsm.url(2)}/backlogs/{project}?status=assigned_to_sprint").json()
    return {task["task_id"] for task in tasks}


def _until(condition: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)


def test_dry_run_plans_the_calls_and_makes_none(dsm: Dsm, api: httpx.Client) -> None:
    answer = dsm.json("orchestrate", "P0", "--dry-run")
    assert [call["name"] for call in answer["actions_planned"]] == [
        "create_sprint",
        "create_cronjob",
    ]
    assert answer["actions_taken"] == []
    assert api.get(f"{dsm.url(3)}/sprints/by-project/P0").json() == []


def test_look_without_a_record_leaves_nothing(dsm: Dsm, api: httpx.Client) -> None:
    trail = f"{dsm.url(0)}/orchestrate/intelligence/decision-audit/P0"
    before = api.get(trail).json()["total"]
    answer = dsm.json("orchestrate", "P0", "--dry-run", "--no-record")
    assert (answer["run_id"], answer["recorded"]) == (None, False)
    assert api.get(trail).json()["total"] == before
    refused = dsm.run("orchestrate", "P0", "--no-record")
    assert refused.returncode == 2
    assert "--dry-run" in refused.stderr


def test_values_follow_from_the_day(dsm: Dsm) -> None:
    dsm.import_example("2015-03-02", "Q")
    earlier = dsm.json("orchestrate", "Q0", "--dry-run")
    later = dsm.json("orchestrate", "P0", "--dry-run")
    assert earlier["as_of"] == "2015-03-02"
    for name in ("unassigned_tasks", "historical_context"):
        assert earlier["analysis"][name] != later["analysis"][name]
    assert earlier["actual"]["finished"] != later["actual"]["finished"]


def test_limit_of_the_request_is_never_passed(dsm: Dsm) -> None:
    answer = dsm.json("orchestrate", "P0", "--dry-run", "--max-tasks", "3")
    assert answer["decisions"]["tasks_to_assign"] == 3
    assert len(answer["actions_planned"][0]["arguments"]["task_ids"]) == 3


def test_team_shares_the_tasks_and_the_backlog_shows_who(dsm: Dsm, api: httpx.Client) -> None:
    project, backlog = dsm.url(1), dsm.url(2)
    assert api.post(f"{project}/projects", json={"id": "TEAM", "name": "Team"}).status_code == 201
    for person in ("ann", "bob"):
        api.post(f"{project}/employees", json={"id": person, "name": person})
    assigned = {"employee_ids": ["ann", "bob"]}
    api.post(f"{project}/projects/TEAM/team-members-assign", json=assigned)
    tasks = [{"title": f"Task {n}"} for n in range(4)]
    api.post(f"{backlog}/backlogs/TEAM/tasks", json={"tasks": tasks})
    answer = dsm.json("orchestrate", "TEAM")
    assert answer["analysis"]["team_size"] == 2
    assert answer["decisions"]["decision_source"] == "rule_based_only"
    assert answer["created"]["cronjob"]["name"] == "run-dailyscrum-team-s01"
    _until(lambda: len(_assigned(dsm, api, "TEAM")) == 4)
    shown = api.get(f"{backlog}/backlogs/TEAM").json()
    assert sorted(task["assigned_to"] for task in shown) == ["ann", "ann", "bob", "bob"]


def test_empty_backlog_is_nothing_to_do_because(dsm: Dsm, api: httpx.Client) -> None:
    api.post(f"{dsm.url(1)}/projects", json={"id": "EMPTY", "name": "Empty"})
    answer = dsm.json("orchestrate", "EMPTY")
    assert answer["actions_planned"] == []
    assert answer["decisions"]["reasoning"].startswith("Nothing, because")


def test_unknown_project_is_one_line_and_404(dsm: Dsm, api: httpx.Client) -> None:
    done = dsm.run("orchestrate", "NOBODY")
    assert (done.returncode, done.stderr) == (1, "error: there is no project NOBODY\n")
    assert api.post(f"{dsm.url(0)}/orchestrate/project/NOBODY").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("lower-case", {}),
        ("P0", {"options": {"sprint_duration_weeks": 0}}),
        ("P0", {"options": {"sprint_duration_weeks": "2"}}),
        ("P0", {"options": {"max_tasks_per_sprint": 1.5}}),
        ("P0", {"options": {"schedule": "every day"}}),
        ("P0", {"options": {"schedule": "0 14 * * 1-5; rm"}}),
        ("P0", {"dry_run": "yes please"}),
        ("P0", {"surprise": 1}),
        ("P0", {"action": "something_else"}),
    ],
)
def test_malformed_request_is_a_clear_400(
    dsm: Dsm, api: httpx.Client, path: str, body: dict[str, Any]
) -> None:
    answer = api.post(f"{dsm.url(0)}/orchestrate/project/{path}", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


OPEN = ("/health", "/health/ready", "/health/serving", "/metrics")


def test_every_route_but_four_wants_a_key(dsm: Dsm) -> None:
    with httpx.Client(timeout=30) as stranger:
        for offset in range(7):
            for path in OPEN:
                assert stranger.get(dsm.url(offset) + path).status_code == 200
            # The description of the routes is open on the loopback address; the routes are not.
            document = stranger.get(dsm.url(offset) + "/openapi.json").json()
            for path, operations in document["paths"].items():
                for method in operations:
                    if path not in OPEN:
                        answer = stranger.request(method, dsm.url(offset) + path)
                        assert answer.status_code == 401, f"{method} {path}"
        assert stranger.post(f"{dsm.url(0)}/orchestrate/project/P0").status_code == 401


def _walk(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).parents[2] / "examples" / "ceremonies.sh"
    return subprocess.run(
        [str(script), *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_ceremonies_are_held_with_curl_alone(dsm: Dsm) -> None:
    for _ in range(2):  # with people and a project of its own each time
        walk = _walk(str(dsm.base_port), str(dsm.data_dir / "admin.key"))
        assert (walk.returncode, walk.stderr) == (0, "")
        assert walk.stdout.endswith("Every ceremony was held.\n")
        assert dsm.key not in walk.stdout


def test_ceremonies_that_cannot_be_held_say_why_in_one_line(dsm: Dsm, tmp_path: Path) -> None:
    strange = tmp_path / "strange.key"
    strange.write_text("dsm_nobody")
    no_key = _walk(str(dsm.base_port), str(tmp_path / "none"))
    refused = _walk(str(dsm.base_port), str(strange))
    nobody = _walk(str(free_port(in_a_row=7)), str(dsm.data_dir / "admin.key"))
    assert {item.returncode for item in (no_key, refused, nobody)} == {1}
    assert no_key.stderr.startswith(f"error: no key in {tmp_path}/none")
    assert refused.stderr.startswith("error: POST /projects answered 401, not 201")
    assert nobody.stderr.endswith("error: project does not answer\n")


@pytest.mark.parametrize("language", ["bash", "python"])
def test_page_of_first_calls_runs_as_it_stands(dsm: Dsm, language: str) -> None:
    page = Path(__file__).parents[2] / "docs" / "guide" / "first-calls.md"
    blocks = re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)
    program = {"bash": ["bash", "-euo", "pipefail"], "python": [sys.executable]}[language]
    done = subprocess.run(
        [*program, "-c", "\n".join(blocks)],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PORT": str(dsm.base_port), "DSM_DATA_DIR": str(dsm.data_dir)},
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Created sprint" in done.stdout


def _learn_from_sprints(dsm: Dsm, prefix: str, teams: int) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).parents[2] / "examples" / "learn_from_sprints.py"
    options = ["--base-port", str(dsm.base_port), "--key", str(dsm.data_dir / "admin.key")]
    return subprocess.run(
        [sys.executable, script, *options, "--teams", str(teams), "--prefix", prefix],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_closed_sprints_teach_and_the_next_decision_shows_it(dsm: Dsm) -> None:
    done = _learn_from_sprints(dsm, "LEARN", 8)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept: log loss" in done.stdout, done.stdout
    assert "the calibration moved the chance" in done.stdout
    repeated = dsm.json("learn")
    assert repeated["learned"] is False
    assert "0 new outcomes" in repeated["reason"]
    versions = dsm.json("learn", "--history")
    assert [attempt["accepted"] for attempt in versions["attempts"]] == [True]
    too_few = _learn_from_sprints(dsm, "FEW", 1)
    assert too_few.returncode == 1, too_few.stdout
    assert "NOT SO: a calibration was learned" in too_few.stderr
    assert "new outcomes" in too_few.stderr
    assert dsm.json("learn", "--rollback", "0")["active"]["version"] == 0


def test_picked_tasks_are_planned_and_reviewed_by_key(
    dsm: Dsm, api: httpx.Client, tmp_path: Path
) -> None:
    api.post(f"{dsm.url(1)}/projects", json={"id": "PICKED", "name": "Picked"})
    tasks = [{"title": f"Task {n}", "external_key": f"SHOP-{n}"} for n in range(6)]
    api.post(f"{dsm.url(2)}/backlogs/PICKED/tasks", json={"tasks": tasks})
    scope = tmp_path / "scope.txt"
    scope.write_text("# refinement\nSHOP-4\n")
    options = ("--dry-run", "--task", "SHOP-1", "--tasks-file", str(scope))
    answer = dsm.json("orchestrate", "PICKED", *options)
    planned = {task["title"] for task in answer["selection"]["tasks"]}
    assert planned <= {"Task 1", "Task 4"}
    assert answer["expectation"]["review"].startswith("Of the 2 picked expect")
    unknown = dsm.run("orchestrate", "PICKED", "--dry-run", "--task", "SHOP-9")
    assert (unknown.returncode, "no task of PICKED: SHOP-9" in unknown.stderr) == (2, True)


def test_forecast_and_mode_speak_of_the_same_plan(dsm: Dsm) -> None:
    forecast = dsm.json("forecast", "P0", "--sprints", "2", "--tasks", "30")
    assert [row["sprints"] for row in forecast["in_sprints"]] == [1, 2]
    assert forecast["tasks_done"]["likely_day"] < forecast["tasks_done"]["promised_day"]
    shown = dsm.run("forecast", "P0", "--tasks", "30")
    assert "30 tasks are as likely done as not by" in shown.stdout, shown.stderr
    refused = dsm.run("mode", "P0", "--certainty", "55")
    assert (refused.returncode, "name 50, 60, 70 or 85" in refused.stderr) == (2, True)
    assert dsm.json("mode", "P0")["certainty"] == 50
    changed = dsm.json("mode", "P0", "--certainty", "85")
    assert changed["certainty"] == 85
    assert [plan["certainty"] for plan in changed["plans"] if plan["in_force"]] == [85]
    assert changed["plans"][-1]["tasks"] <= changed["plans"][0]["tasks"]
    assert dsm.json("mode", "P0", "--certainty", "50")["certainty"] == 50


def test_backfill_leaves_no_episode_without_an_embedding(dsm: Dsm) -> None:
    assert dsm.json("backfill")["left"] == 0


def test_redis_that_hangs_does_not_stop_a_decision(dsm: Dsm, api: httpx.Client) -> None:
    api.post(f"{dsm.url(1)}/projects", json={"id": "SLOWBUS", "name": "Slow"})
    api.post(f"{dsm.url(2)}/backlogs/SLOWBUS/tasks", json={"title": "One"})
    server = _valkey_of(dsm.data_dir)
    server.send_signal(signal.SIGSTOP)
    try:
        sprint = dsm.url(3)
        _until(lambda: api.get(f"{sprint}/health/ready").json()["redis"] == "error")
        created = dsm.json("orchestrate", "SLOWBUS")["created"]
        assert created["warnings"] == ["events are delayed: Redis does not answer"]
    finally:
        server.send_signal(signal.SIGCONT)
    _until(lambda: len(_assigned(dsm, api, "SLOWBUS")) == 1, seconds=30)


def _valkey_of(data_dir: Path) -> psutil.Process:
    for process in psutil.process_iter(["cmdline"]):
        if str(data_dir) in " ".join(process.info["cmdline"] or []) and "valkey" in process.name():
            return process
    raise AssertionError("no Valkey runs on this data folder")


def test_down_leaves_no_process(tmp_path: Path) -> None:
    short = Dsm(tmp_path, free_port(in_a_row=7))
    assert short.run("up", "--detach", "--base-port", str(short.base_port)).returncode == 0
    assert short.run("down").stdout.strip() == "stopped"
    assert subprocess.run(["pgrep", "-f", str(tmp_path)], check=False).returncode == 1


def _set_actor(dsm: Dsm, audit_id: str, actor: str) -> None:
    """Change an audit as a superuser who has turned the triggers off."""
    sockets = dsm.data_dir / "sockets"
    with psycopg.connect(f"host={sockets} user=postgres dbname=dsm_chronicle") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE decision_audits SET record = jsonb_set(record, '{actor}', to_jsonb(%s::text))"
            " WHERE audit_id = %s",
            [actor, audit_id],
        )


def test_audit_verify_names_the_first_broken_audit(dsm: Dsm, api: httpx.Client) -> None:
    ids = [str(uuid4()) for _ in range(3)]
    for audit_id in ids:
        audit = {
            "audit_id": audit_id,
            "project_id": "AUDITED",
            "decision_source": "rule_based_only",
            "decision": {"create_new_sprint": False},
            "actor": "test",
            "timestamp": datetime.now(UTC).isoformat(),
        }
        assert api.post(f"{dsm.url(4)}/v1/notes/decision_audit", json=audit).status_code == 201
    (chain,) = dsm.json("audit", "verify", "AUDITED")["chains"]["chains"]
    assert (chain["verified"], chain["records"]) == (True, 3)
    assert dsm.run("audit", "verify", "AUDITED", "--head", chain["head"]).returncode == 0
    _set_actor(dsm, ids[1], "me")
    for project in (["AUDITED"], []):
        done = dsm.run("audit", "verify", *project)
        assert done.returncode == 1
        assert f"audit {ids[1]} (number 2): its content was changed" in done.stdout
    _set_actor(dsm, ids[1], "test")
    assert dsm.run("audit", "verify").returncode == 0


def test_doctor_finds_no_failure_on_a_running_stack_also_by_its_urls(dsm: Dsm) -> None:
    by_folder = dsm.json("doctor")
    assert by_folder["healthy"]
    checks = {(finding["service"], finding["check"]) for finding in by_folder["findings"]}
    assert {("orchestrator", "schema"), ("sprint", "redis"), ("all", "connections")} <= checks
    names = ("orchestrator", "project", "backlog", "sprint", "chronicle", "embedding")
    urls = [word for n, name in enumerate(names) for word in ("--url", f"{name}={dsm.url(n)}")]
    by_url = dsm.run("doctor", "--json", *urls, "--key-file", str(dsm.data_dir / "viewer.key"))
    assert by_url.returncode == 0, by_url.stdout
    assert "role viewer" in by_url.stdout
    assert dsm.key not in by_url.stdout
    shown = dsm.run("config", "show", "sprint")
    assert f"{dsm.base_port + 3}  [stack]" in shown.stdout
