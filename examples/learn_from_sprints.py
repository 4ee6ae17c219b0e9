"""Teams sprint, the orchestrator learns from how it ended, and its next decision changes, or not.

    python examples/learn_from_sprints.py --base-port 8100 --key .dsm/admin.key [--teams 12]

On a running stack (`dsm up --detach`). Each of the teams has closed sprints of about seven tasks
and gets a sprint of ten by the rule, since the confidence in fewer is too low; it finishes seven.
Then the script learns, and decides again for the same state of the first team. It checks every
answer, and exits with 1 when one is not as it should be.
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
FINISHED = 7
SERVICES = {"orchestrator": 0, "project": 1, "backlog": 2, "sprint": 3, "chronicle": 4}


class Stack:
    """The services' HTTP APIs, with a key."""

    def __init__(self, base_port: int, key: str) -> None:
        self._base_port = base_port
        self._key = key

    def call(self, method: str, service: str, path: str, body: Any = None) -> Any:
        """The JSON answer; any answer but 2xx ends the script."""
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


def check(holds: bool, what: str) -> None:
    """Say what was checked, and end the script when it does not hold."""
    print(f"  {'ok' if holds else 'NOT SO'}: {what}")
    if not holds:
        sys.exit(1)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.05)
    return found


def make_team(stack: Stack, team: str) -> None:
    """A project with closed sprints and a backlog of twenty."""
    stack.post("project", "/projects", {"id": team, "name": team, "progress_mode": "reported"})
    first = date.today() - timedelta(days=14 * len(HISTORY))  # noqa: DTZ011 - a calendar day
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
    tasks = [{"title": f"Task {n}"} for n in range(20)]
    stack.post("backlog", f"/backlogs/{team}/tasks", {"tasks": tasks})


def decide(stack: Stack, team: str, *, dry_run: bool = False) -> Any:
    options = {"create_cronjob": False}
    body = {"dry_run": dry_run, "options": options}
    return stack.post("orchestrator", f"/orchestrate/project/{team}", body)


def adjustment(answer: Any) -> Any:
    return answer["decisions"]["intelligence_adjustments"]["task_count_modification"]


def sprint(stack: Stack, team: str) -> Any:
    """Decide, finish seven tasks of the sprint, close it; the decision."""
    made = decide(stack, team)
    for task in made["created"]["tasks"][:FINISHED]:
        path = f"/tasks/{task['task_id']}/progress"
        stack.post("sprint", path, {"progress_percentage": 100})
    stack.post("sprint", f"/sprints/{made['created']['sprint_id']}/close")
    return made


def show(calibration: Any) -> None:
    version, size = calibration["version"], calibration["sample_size"]
    print(f"  calibration {version}, of {size} outcomes ({calibration['own']} own)")
    for row in calibration["table"]:
        stated, observed = row["stated"], row["observed"]
        if row["count"]:
            print(
                f"    confidence {row['low']:.2f} to {row['high']:.2f}: {row['count']} outcomes,"
                f" stated {stated:.2f}, observed {observed:.2f}"
            )


def tell(answer: Any) -> str:
    found = adjustment(answer)
    sure = "unknown" if found["confidence"] is None else f"{found['confidence']:.3f}"
    return (
        f"{answer['decisions']['tasks_to_assign']} tasks (rule {found['original_recommendation']},"
        f" recommended {found['intelligence_recommendation']}, confidence {sure},"
        f" {answer['decisions']['decision_source']})"
    )


def decide_with_all_evidence(stack: Stack, team: str) -> Any:
    """A dry run, repeated while the history did not come in time on a busy machine."""

    def undegraded() -> Any:
        answer = decide(stack, team, dry_run=True)
        return answer if adjustment(answer)["confidence"] is not None else None

    return wait_for(undegraded, "a decision with its whole evidence")


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

    print(f"{len(teams)} teams, {len(HISTORY)} closed sprints each")
    for team in teams:
        make_team(stack, team)
        # The rule's number is planned and the adjustment only recorded: an outcome teaches most
        # where the plan left both numbers possible.
        mode = f"/orchestrate/project/{team}/decision-mode"
        stack.post("orchestrator", mode, {"mode": "rule_based_only"})
    witness = f"{options.prefix}-W"
    make_team(stack, witness)
    before = decide_with_all_evidence(stack, witness)
    print(f"a decision before learning: {tell(before)}")

    made = [sprint(stack, team) for team in teams]
    first = made[0]["created"]["sprint_id"]
    print(f"{len(made)} sprints decided, worked and closed, {first} first: {tell(made[0])}")

    def ended() -> Any:
        path = "/orchestrate/intelligence/decision-impact/"
        impacts = [stack.get("orchestrator", path + team) for team in teams]
        known = [
            impact["rule_based"]["outcomes"] + impact["intelligence_enhanced"]["outcomes"]
            for impact in impacts
        ]
        return impacts if all(known) else None

    impacts = wait_for(ended, "the outcome of every sprint reaching its episode")
    impact = impacts[0]
    group = impact["rule_based"] if impact["rule_based"]["outcomes"] else None
    group = group or impact["intelligence_enhanced"]
    planned = len(made[0]["created"]["tasks"])
    check(group["outcomes"] == 1, "the closed sprint's outcome is on the episode that made it")
    check(
        abs(group["completion_rate"] - FINISHED / planned) < 1e-9,
        f"it says {FINISHED} of {planned} tasks were completed",
    )

    learned = stack.post("orchestrator", "/orchestrate/intelligence/learn")
    print(f"learning: {learned['reason']}")
    print("before:")
    show(learned["before"])
    print("in force now:")
    show(learned["active"])
    if learned["learned"]:
        check(learned["active"]["version"] == learned["version"], "the new version is in force")
        check(learned["log_loss"] <= learned["active_log_loss"], "and was not worse than the old")
        check(learned["before"]["table"] != learned["active"]["table"], "its table has changed")
    else:
        same = learned["before"]["version"] == learned["active"]["version"]
        check(same, "nothing was learned, so nothing has changed")

    compare(stack, witness, before, learned)


def compare(stack: Stack, witness: str, before: Any, learned: Any) -> None:
    """Decide again for the unchanged state, by the new calibration and by the old one.

    The finished sprints are similar episodes by now, so the evidence has grown too: only the two
    decisions after learning differ by the calibration alone.
    """
    after = decide_with_all_evidence(stack, witness)
    print(f"the same state after learning: {tell(after)}")
    same_evidence = before
    if learned["learned"]:
        rollback = "/orchestrate/intelligence/learn/rollback"
        stack.post("orchestrator", rollback, {"version": learned["before"]["version"]})
        same_evidence = decide_with_all_evidence(stack, witness)
        stack.post("orchestrator", rollback, {"version": learned["version"]})
        print(f"and with the calibration rolled back: {tell(same_evidence)}")
        was, now = adjustment(same_evidence)["confidence"], adjustment(after)["confidence"]
        check(was != now, f"the calibration moved the confidence from {was:.3f} to {now:.3f}")
        active = stack.get("orchestrator", "/orchestrate/intelligence/learning")["active"]
        check(active["version"] == learned["version"], "what was learned is in force again")
    for what, other in (("before learning", before), ("by the old calibration", same_evidence)):
        tasks = [each["decisions"]["tasks_to_assign"] for each in (other, after)]
        if tasks[0] != tasks[1]:
            print(f"the decision changed: {tasks[0]} tasks {what}, {tasks[1]} now")
        else:
            gate = adjustment(after)["gate"]["reason"]
            print(f"the decision is the one {what}, {tasks[0]} tasks: {gate}")


if __name__ == "__main__":
    main()
