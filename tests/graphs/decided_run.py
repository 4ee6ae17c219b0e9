"""The state of one decided run, with a value in every field that may be empty."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from pydantic import JsonValue

from domain_services.chronicle.schema import SimilarProject
from graphs.report import build_response
from graphs.state import Actions, Mode, Order, PastSprint, Patterns, Snapshot, State
from memory.decision import Gate, PlannedCall
from memory.episode import Outcome
from memory.recall import Neighbour, Recall
from tests.memory.conftest import adjust, decide, perceive
from tests.unit.rules.conftest import FACTS, OPTIONS, SPRINT
from tools.guard import MadeCall

RUN_ID = UUID("00000000-0000-0000-0000-0000000000aa")
CALL = PlannedCall(
    name="create_cronjob",
    arguments={"project_id": "APOLLO", "schedule": "0 14 * * 1-5"},
    description="Create a CronJob",
)

CRONJOB: dict[str, JsonValue] = {
    "name": "run-dailyscrum-apollo-s01",
    "project_id": "APOLLO",
    "sprint_id": "APOLLO-S01",
    "schedule": "0 14 * * 1-5",
    "timezone": "Europe/Berlin",
    "ends_on": "2016-06-06",
    "last_due_at": None,
}


def decided_state() -> State:
    """Return the state of a run whose recommended task count passed the gate."""
    adjustment = adjust(applied=7, gate=Gate(passed=True, reason="0.80 of 0.75 needed"))
    return State(
        project_id="APOLLO",
        run_id=str(RUN_ID),
        order=Order(OPTIONS, Mode("intelligence_enhanced", 0.75, True, False, 3), dry_run=False),
        snapshot=snapshot(),
        patterns=patterns(),
        recall=Recall(
            path="service",
            model="words-1",
            ms=12.5,
            searched=40,
            neighbours=(neighbour(),),
            degraded=None,
        ),
        decision=decide(
            tasks=7, adjustments=(adjustment,), source="intelligence_enhanced", plan=(CALL,)
        ),
        actions=Actions(
            made=(MadeCall(name=CALL.name, arguments=CALL.arguments, result=CRONJOB),),
            refused=("Close sprint APOLLO-S00: refused, it is closed",),
        ),
        degraded=["history: no answer within 300 ms"],
        timings={"analyse": 4.5, "recall": 12.5},
    )


def snapshot() -> Snapshot:
    """Return a project with one past sprint and one in progress."""
    return Snapshot(
        facts=replace(FACTS, active_sprint=SPRINT, days_off=("2016-06-09 leave (E1)",)),
        perception=perceive("APOLLO"),
        timezone="Europe/Berlin",
        past=(PastSprint("APOLLO-S00", date(2016, 5, 1), date(2016, 5, 14), 7, 8),),
        average_velocity=7.0,
        trend="stable",
    )


def patterns() -> Patterns:
    """Return figures of a project that has a similar one."""
    similar = SimilarProject(
        project_id="BETA",
        similarity_score=0.9,
        sprint_count=6,
        average_velocity=6.5,
        shared_features=["throughput"],
    )
    return Patterns(
        similar_projects=(similar,),
        completion_rate=0.8,
        average_sprint_days=14.0,
        open_impediments=("no test system",),
    )


def neighbour() -> Neighbour:
    """Return a recalled episode of another project."""
    return Neighbour(
        episode_id=UUID(int=1),
        project_id="BETA",
        sprint_id="BETA-S03",
        day=date(2016, 3, 2),
        similarity=0.9,
        structured_similarity=0.88,
        text_similarity=0.97,
        found_by="both",
        outcome=Outcome(completed_tasks=7, planned_tasks=8, duration_days=14),
        perception=perceive("BETA"),
    )


def finished_state() -> State:
    """Return the state after `record`: with the answer."""
    state = decided_state()
    return State(**state, response=build_response(state))
