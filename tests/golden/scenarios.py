"""Scenarios of decisions: the state of each project, and the requests to it."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from tests.agent.conftest import until
from tests.golden.story import AS_OF, Story, rows

NAMESPACE = UUID("00000000-0000-0000-0000-0000000000d5")
PACE = [4, 5, 4, 5, 4, 5, 4, 5]
# Tasks that are a few days old are finished. How many there are says more than the pace does where
# it changes, and nothing where it does not.
CHANGING = [2, 9, 4, 12, 1, 7, 10, 3, 8, 5, 2, 9, 4, 12, 1, 7, 10, 3, 8, 5]
STEADY = [5] * 20

_OTHER_SPRINT = """
    INSERT INTO sprints (id, project_id, number, name, status, start_date, end_date,
        duration_weeks, timezone, team, saga_step, lease_token, lease_until, request)
    SELECT id || '-S01', id, 1, 'Sprint 1', 'planned', '2026-03-02', '2026-03-15', 2, 'UTC', '{}',
        'reserving', gen_random_uuid(), now() + interval '1 hour', '{}'
    FROM CAST(%s AS text) AS id
"""

Scenario = Callable[[Story], Awaitable[None]]


async def adjusted(story: Story) -> None:
    await _plan_by_chances(story, CHANGING)
    await story.orchestrate()


async def below_threshold(story: Story) -> None:
    await _plan_by_chances(story, STEADY)
    await story.orchestrate()


async def adjustment_switched_off(story: Story) -> None:
    await _plan_by_chances(story, CHANGING)
    await story.change_mode(enable_task_count_adjustment=False)
    await story.orchestrate()


async def no_evidence(story: Story) -> None:
    await story.create_project(3)
    await story.orchestrate()


async def sprint_in_progress(story: Story) -> None:
    await story.create_project(4)
    await story.create_team("E1", "E2")
    await story.orchestrate()
    await story.orchestrate()


async def sprint_over(story: Story) -> None:
    """Close an old sprint with half of its tasks done, then decide on what went back."""
    await story.create_project(4)
    start = (AS_OF - timedelta(days=21)).isoformat()
    sprint = await story.post("sprint", f"/sprints/{story.project_id}", {"start_date": start})
    for task in sprint["tasks"][:2]:
        await story.report(task["task_id"], 100)
    await until(story.events_confirmed)
    await story.orchestrate()
    await story.wait_for_note("sprint_retrospective", sprint["sprint_id"])


async def team_away(story: Story) -> None:
    await story.create_project(5)
    await story.create_team("E1", "E2")
    for person in ("E1", "E2"):
        leave = {
            "start_date": AS_OF.isoformat(),
            "end_date": (AS_OF + timedelta(days=20)).isoformat(),
            "reason": "Company holiday",
        }
        path = f"/projects/{story.project_id}/calendar/pto?employee_id={person}"
        await story.post("project", path, leave)
    await story.orchestrate()


async def dry_run(story: Story) -> None:
    await _plan_by_chances(story, CHANGING)
    await story.orchestrate(dry_run=True)


async def shadow(story: Story) -> None:
    await _plan_by_chances(story, CHANGING)
    await story.change_mode(mode="shadow", confidence_threshold=0.6)
    await story.orchestrate()


async def rule_based_only(story: Story) -> None:
    await _plan_by_chances(story, CHANGING)
    await story.change_mode(mode="rule_based_only")
    await story.orchestrate()


async def call_refused(story: Story) -> None:
    """Decide while another process creates a sprint, so that the sprint service refuses one."""
    await story.create_project(3)
    await rows(story.system, "sprint", "INSERT INTO counters VALUES (%s, 1)", story.project_id)
    await rows(story.system, "sprint", _OTHER_SPRINT, story.project_id)
    await story.orchestrate()


async def project_inactive(story: Story) -> None:
    await story.create_project(3)
    path = f"/projects/{story.project_id}/status"
    await story.put("project", path, {"status": "inactive"})
    await story.orchestrate()


async def chronicle_away(story: Story) -> None:
    await story.create_project(3)
    await story.system.stop("chronicle")
    await story.orchestrate()
    await story.system.start("chronicle")


async def scope_on_the_table(story: Story) -> None:
    """Review a draft of six tasks by past commitments, then at a certainty of 85 %."""
    await story.create_project(14)
    await story.record_history(PACE, planned=10)
    draft = [f"{story.project_id}-TASK{number:03d}" for number in (3, 5, 6, 8, 9, 12)]
    await story.orchestrate(dry_run=True, options={"task_ids": draft})
    await story.change_mode(certainty=85)
    await story.orchestrate(dry_run=True, options={"task_ids": draft})


async def limit_of_the_caller(story: Story) -> None:
    await story.create_project(14)
    await story.record_history(PACE, planned=10)
    await story.orchestrate(
        options={"max_tasks_per_sprint": 3, "create_cronjob": False, "sprint_duration_weeks": 3}
    )


async def similar_episodes(story: Story) -> None:
    """Decide with too few own sprints and ten similar ones of five other projects."""
    episodes = [_episode(f"OTHER{number % 5}", number) for number in range(10)]
    await story.post("orchestrator", "/memory/episodes", {"episodes": episodes})
    await story.create_project(14)
    await story.record_history([6, 5], planned=10)
    await story.create_team("E1", "E2", "E3")
    await story.orchestrate()


async def wall_clock(story: Story) -> None:
    """Decide on a project without a fixed date; every day of its window is worked."""
    await story.create_project(2, as_of=None)
    today = date.today()
    for days in range(-1, 17):
        day = today + timedelta(days=days)
        path = f"/projects/{story.project_id}/calendar/holidays/{day.isoformat()}"
        await story.put("project", path, {"type": "working_day"})
    await story.orchestrate()


async def _plan_by_chances(story: Story, past: list[int]) -> None:
    """Prepare a backlog of three young and eleven old tasks, with a past."""
    await story.create_project(0)
    await story.create_tasks(3, age_days=4)
    await story.create_tasks(11, age_days=200)
    await story.record_history(PACE, planned=10)
    await story.record_past_tasks(past)


def _episode(project_id: str, number: int) -> dict[str, Any]:
    day = AS_OF - timedelta(days=100 + 14 * number)
    completed = 5 + number % 3
    return {
        "episode_id": str(uuid5(NAMESPACE, str(number))),
        "project_id": project_id,
        "origin": "import",
        "decided_at": f"{day.isoformat()}T08:00:00Z",
        "agent_version": "import",
        "decision_source": "rule_based_only",
        "sprint_id": f"{project_id}-S{number:02d}",
        "perception": {
            "project_id": project_id,
            "day": day.isoformat(),
            "backlog_tasks": 14 + number % 2,
            "unassigned_tasks": 14,
            "team_size": 3,
            "sprint_days": 14,
            "working_days": 10,
            "team_working_days": 30,
            "past_sprints": 2,
            "completed": [5 + number % 2, 5],
        },
        "reasoning": {"text": "imported"},
        "action": {"create_sprint": True, "tasks": 10, "duration_weeks": 2},
        "outcome": {
            "completed_tasks": completed,
            "planned_tasks": 10,
            "completion_rate": completed / 10,
            "spill_over": 10 - completed,
            "duration_days": 14,
        },
    }


SCENARIOS: tuple[Scenario, ...] = (
    adjusted,
    below_threshold,
    adjustment_switched_off,
    no_evidence,
    sprint_in_progress,
    sprint_over,
    team_away,
    dry_run,
    shadow,
    rule_based_only,
    call_refused,
    project_inactive,
    chronicle_away,
    scope_on_the_table,
    limit_of_the_caller,
    similar_episodes,
    wall_clock,
)
