"""Let teams finish sprints, calibrate by the outcomes, and decide again for the same state.

    python examples/learn_from_sprints.py --base-port 8100 --key .dsm/admin.key [--teams 12]

Needs a running stack (`dsm up --detach`). Each team has closed sprints of about seven tasks, which
is the rule's plan. Of tasks as old as its open ones fewer were finished, so that the evidence plans
five or six, and the team finishes five. The teams are held at a day a fortnight ago and moved on to
yesterday, because a sprint teaches only when half of its days are over. The script checks every
answer. It exits with 1, and names what is missing, when an answer is not as expected or nothing was
learned.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

HISTORY = (7, 6, 8, 7, 6, 8, 7)  # tasks closed in past sprints, oldest first
FINISHED = 5
OPEN_TASKS = 20
# Past tasks, made ten days before a fortnight: one in five is finished in it, the others in the
# fourth one.
PAST_FORTNIGHTS = 12
DAYS_OPEN = (13, 55, 55, 55, 55)
FORTNIGHT = timedelta(days=14)
TODAY = date.today()  # noqa: DTZ011 - a calendar day
BEGIN = TODAY - FORTNIGHT  # day at which the teams are held when they decide
SERVICES = {"orchestrator": 0, "project": 1, "backlog": 2, "sprint": 3, "chronicle": 4}


class Stack:
    """HTTP APIs of the services of a running stack, called with one key."""

    def __init__(self, base_port: int, key: str) -> None:
        self._base_port = base_port
        self._key = key

    def call(self, method: str, service: str, path: str, body: Any = None) -> Any:
        """Call a route and return its JSON answer; any status but 2xx ends the script."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._base_port + SERVICES[service]}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"error: {method} {path} answered {error.code}: {error.read().decode()}")
        except urllib.error.URLError as error:
            sys.exit(
                f"error: no stack answers at {request.host} ({error.reason}); start it: dsm up"
            )

    def get(self, service: str, path: str) -> Any:
        return self.call("GET", service, path)

    def post(self, service: str, path: str, body: Any = None) -> Any:
        return self.call("POST", service, path, body)


def check(holds: bool, statement: str, missing: str = "") -> None:
    """Print a statement that was checked; end the script with 1 when it does not hold."""
    if not holds:
        sys.exit(f"  NOT SO: {statement}" + (f"; {missing}" if missing else ""))
    print(f"  ok: {statement}")


def wait_for(condition: Callable[[], Any], event: str, seconds: float = 30) -> Any:
    """Wait for a true value and return it; end the script when it does not come."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"  NOT SO: {event} within {seconds:.0f} s; see the logs in .dsm/logs")
        time.sleep(0.05)
    return value


def make_team(stack: Stack, team: str, held_at: date | None = None) -> None:
    """Create a project with closed sprints and twenty tasks, held at a day or live."""
    project = {"id": team, "name": team, "progress_mode": "reported"}
    as_of = {"as_of": held_at.isoformat()} if held_at else {}
    stack.post("project", "/projects", project | as_of)
    first = (held_at or TODAY) - FORTNIGHT * len(HISTORY)
    notes = [
        {
            "sprint_id": f"{team}-S{number:02d}",
            "project_id": team,
            "sprint_name": f"Sprint {number}",
            "start_date": (first + timedelta(days=14 * (number - 1))).isoformat(),
            "end_date": (first + timedelta(days=14 * number - 1)).isoformat(),
            "origin": "import",
            "tasks_summary": [
                {"task_id": f"{number}.{n}", "description": "done earlier", "status": "close"}
                for n in range(count)
            ],
        }
        for number, count in enumerate(HISTORY, start=1)
    ]
    stack.post("chronicle", "/v1/notes/sprint_retrospective/bulk", {"notes": notes})
    numbering = {"last_number": len(HISTORY)}
    stack.call("PUT", "sprint", f"/sprints/by-project/{team}/numbering", numbering)
    today = held_at or TODAY
    created_on = (today - timedelta(days=10)).isoformat()
    tasks = [{"title": f"Task {n}", "created_on": created_on} for n in range(OPEN_TASKS)]
    stack.post("backlog", f"/backlogs/{team}/tasks", {"tasks": tasks})
    stack.call("PUT", "backlog", f"/backlogs/{team}/past-tasks", {"tasks": past_tasks(today)})


def past_tasks(today: date) -> list[dict[str, str]]:
    """Return the dates of tasks that were finished before `today`."""
    dates = [
        (created, created + timedelta(days=days))
        for number in range(1, PAST_FORTNIGHTS + 1)
        for created in [today - FORTNIGHT * number - timedelta(days=10)]
        for days in DAYS_OPEN
    ]
    return [
        {
            "external_key": f"PAST-{number}",
            "created_on": created.isoformat(),
            "finished_on": finished.isoformat(),
        }
        for number, (created, finished) in enumerate(dates, start=1)
        if finished < today
    ]


def decide(stack: Stack, team: str, *, dry_run: bool = False) -> Any:
    """Orchestrate a project and return the answer."""
    options = {"create_cronjob": False}
    body = {"dry_run": dry_run, "options": options}
    return stack.post("orchestrator", f"/orchestrate/project/{team}", body)


def adjustment(answer: Any) -> Any:
    """Return the adjustment of the task count that an answer holds."""
    return answer["decisions"]["intelligence_adjustments"]["task_count_modification"]


def finish_sprint(stack: Stack, team: str) -> Any:
    """Decide a sprint, finish FINISHED of its tasks and close it; returns the decision."""
    answer = decide(stack, team)
    for task in answer["created"]["tasks"][:FINISHED]:
        path = f"/tasks/{task['task_id']}/progress"
        stack.post("sprint", path, {"progress_percentage": 100})
    yesterday = {"to": (TODAY - timedelta(days=1)).isoformat()}
    stack.call("PUT", "project", f"/projects/{team}/clock", yesterday)
    stack.post("sprint", f"/sprints/{answer['created']['sprint_id']}/close")
    return answer


def print_calibration(calibration: Any) -> None:
    """Print a calibration's version, sample and table."""
    version, size = calibration["version"], calibration["sample_size"]
    print(f"  calibration {version}, of {size} outcomes ({calibration['own']} own)")
    for row in calibration["table"]:
        stated, observed = row["stated"], row["observed"]
        if row["count"]:
            print(
                f"    chance {row['low']:.2f} to {row['high']:.2f}: {row['count']} outcomes,"
                f" stated {stated:.2f}, observed {observed:.2f}"
            )


def chance(answer: Any) -> float | None:
    """Return the calibrated chance that the recommended number ends nearer."""
    return adjustment(answer)["evidence_details"]["confidence"]["calibrated"]


def summary(answer: Any) -> str:
    """Describe a decision's numbers in one line."""
    change, nearer = adjustment(answer), chance(answer)
    named = "unknown" if nearer is None else f"{nearer:.3f}"
    return (
        f"{answer['decisions']['tasks_to_assign']} tasks (rule {change['original_recommendation']},"
        f" recommended {change['intelligence_recommendation']}, chance to be nearer {named},"
        f" {answer['decisions']['decision_source']})"
    )


def decide_with_all_evidence(stack: Stack, team: str) -> Any:
    """Decide without acting, again while a busy machine delivers the history too late."""

    def undegraded() -> Any:
        answer = decide(stack, team, dry_run=True)
        return answer if chance(answer) is not None else None

    return wait_for(undegraded, "a decision has its whole evidence")


def make_teams(stack: Stack, teams: list[str]) -> None:
    """Create the teams, whose plans follow the rule while the adjustment is only recorded."""
    print(f"{len(teams)} teams, {len(HISTORY)} closed sprints each")
    for team in teams:
        make_team(stack, team, held_at=BEGIN)
        # An outcome teaches most where the plan left both numbers possible.
        mode = f"/orchestrate/project/{team}/decision-mode"
        stack.post("orchestrator", mode, {"mode": "rule_based_only"})


def check_outcomes(stack: Stack, teams: list[str], planned: int) -> None:
    """Wait until each sprint's outcome is on its decision, and check the first."""

    def all_impacts() -> Any:
        path = "/orchestrate/intelligence/decision-impact/"
        impacts = [stack.get("orchestrator", path + team) for team in teams]
        known = [
            impact["rule_based"]["outcomes"] + impact["intelligence_enhanced"]["outcomes"]
            for impact in impacts
        ]
        return impacts if all(known) else None

    impact = wait_for(all_impacts, "the outcome of every sprint reaches its episode")[0]
    rule_based = impact["rule_based"]
    group = rule_based if rule_based["outcomes"] else impact["intelligence_enhanced"]
    check(group["outcomes"] == 1, "the closed sprint's outcome is on the episode that made it")
    check(
        abs(group["completion_rate"] - FINISHED / planned) < 1e-9,
        f"it says {FINISHED} of {planned} tasks were completed",
    )


def learn(stack: Stack) -> Any:
    """Refit the calibration by the outcomes, and check that the new one is in force."""
    result = stack.post("orchestrator", "/orchestrate/intelligence/learn")
    print(f"learning: {result['reason']}")
    print("before:")
    print_calibration(result["before"])
    print("in force now:")
    print_calibration(result["active"])
    missing = f"the orchestrator said: {result['reason']}; try more --teams, or a new stack"
    check(result["learned"], "a calibration was learned from the outcomes", missing)
    check(result["active"]["version"] == result["version"], "the new version is in force")
    check(result["log_loss"] <= result["active_log_loss"], "it is not worse than the old one")
    check(result["before"]["table"] != result["active"]["table"], "its table has changed")
    return result


def compare(stack: Stack, witness: str, before: Any, result: Any) -> None:
    """Decide for the unchanged state by the new calibration and by the old one.

    The two decisions after learning differ by the calibration alone.
    """
    after = decide_with_all_evidence(stack, witness)
    print(f"the same state after learning: {summary(after)}")
    rollback = "/orchestrate/intelligence/learn/rollback"
    stack.post("orchestrator", rollback, {"version": result["before"]["version"]})
    same_evidence = decide_with_all_evidence(stack, witness)
    stack.post("orchestrator", rollback, {"version": result["version"]})
    print(f"and with the calibration rolled back: {summary(same_evidence)}")
    old, new = chance(same_evidence) or 0.0, chance(after) or 0.0
    check(old != new, f"the calibration moved the chance from {old:.3f} to {new:.3f}")
    active = stack.get("orchestrator", "/orchestrate/intelligence/learning")["active"]
    check(active["version"] == result["version"], "the learned calibration is in force again")
    for label, other in (("before learning", before), ("by the old calibration", same_evidence)):
        tasks = [answer["decisions"]["tasks_to_assign"] for answer in (other, after)]
        if tasks[0] != tasks[1]:
            print(f"the decision changed: {tasks[0]} tasks {label}, {tasks[1]} now")
        else:
            gate = adjustment(after)["gate"]["reason"]
            print(f"the decision is the one {label}, {tasks[0]} tasks: {gate}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--base-port", type=int, default=8100)
    arguments.add_argument("--key", type=Path, default=Path(".dsm/admin.key"))
    arguments.add_argument("--teams", type=int, default=12)
    arguments.add_argument("--prefix", default=f"LEARN{int(time.time()) % 100_000}")
    options = arguments.parse_args()
    try:
        stack = Stack(options.base_port, options.key.read_text().strip())
    except OSError:
        sys.exit(f"error: no key in {options.key}: name the file, or start the stack with dsm up")

    teams = [f"{options.prefix}-{number:02d}" for number in range(options.teams)]
    make_teams(stack, teams)
    witness = f"{options.prefix}-W"
    make_team(stack, witness)
    before = decide_with_all_evidence(stack, witness)
    print(f"a decision before learning: {summary(before)}")
    decisions = [finish_sprint(stack, team) for team in teams]
    created = decisions[0]["created"]
    print(
        f"{len(decisions)} sprints decided, worked and closed, {created['sprint_id']} first:"
        f" {summary(decisions[0])}"
    )
    check_outcomes(stack, teams, len(created["tasks"]))
    compare(stack, witness, before, learn(stack))


if __name__ == "__main__":
    main()
