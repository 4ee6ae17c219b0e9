"""Seeded synthetic episodes: shaped like the real ones, as many as a benchmark wants."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from memory.decision import Decision, RuleDecision
from memory.episode import Episode, Outcome, Perception

# Shares of all episodes, by project; the rest is spread evenly over `PROJECTS` projects, 2 % each
# of what there is. Of NARROW's 2 % only 17.5 % have an outcome: 0.35 % in all may be recalled.
BIG, NARROW, FEW = "BENCH-BIG", "BENCH-NARROW", "BENCH-FEW"
BIG_SHARE, NARROW_SHARE, NARROW_KNOWN = 0.08, 0.02, 0.175
FEW_EPISODES = 7
PROJECTS = 45
FIRST_DAY, DAYS = date(2015, 1, 1), 3000


def project(number: int) -> str:
    return f"BENCH-{number:03d}"


def perception(rng: random.Random, project_id: str, day: date) -> Perception:
    """A plausible project: throughput, backlog and team vary together, as they do."""
    pace = rng.lognormvariate(2.2, 0.6)
    known = rng.randint(0, 24)
    completed = tuple(max(0, round(rng.gauss(pace, pace**0.5))) for _ in range(known))
    open_tasks = round(pace * rng.lognormvariate(0.5, 0.5))
    people, working = rng.choice([None, rng.randint(2, 12)]), rng.randint(7, 10)
    return Perception(
        project_id=project_id,
        day=day,
        backlog_tasks=open_tasks,
        unassigned_tasks=rng.randint(0, open_tasks),
        team_size=people,
        sprint_days=rng.choice([7, 14, 14, 14, 21]),
        working_days=working,
        team_working_days=people and rng.randint(people * working * 3 // 4, people * working),
        past_sprints=known,
        completed=completed,
    )


def episodes(count: int, seed: int) -> Iterator[Episode]:
    """`count` episodes; the same for the same seed."""
    rng = random.Random(seed)
    for number in range(count):
        project_id = FEW if number < FEW_EPISODES else _project(rng)
        known = project_id != NARROW or rng.random() < NARROW_KNOWN
        yield episode(rng, project_id, known)


def episode(rng: random.Random, project_id: str, known: bool = True) -> Episode:
    """A past sprint, fully recorded; without an outcome unless it is `known`."""
    day = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    state = perception(rng, project_id, day)
    done = rng.randint(0, 30)
    return Episode(
        episode_id=UUID(int=rng.getrandbits(128)),
        project_id=project_id,
        origin="import",
        decided_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
        agent_version="benchmark",
        sprint_id=f"{project_id}-S{rng.randrange(99):02d}",
        perception=state,
        decision=Decision(
            create_sprint=True,
            close_sprint=False,
            tasks=10,
            duration_weeks=2,
            rule=RuleDecision(tasks=10, duration_weeks=2, reasoning="10 tasks are taken"),
            adjustments=(),
            source="rule_based_only",
            reasoning="10 tasks are taken",
            plan=(),
        ),
        outcome=Outcome(completed_tasks=done, duration_days=state.sprint_days) if known else None,
    )


def _project(rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < BIG_SHARE:
        return BIG
    if drawn < BIG_SHARE + NARROW_SHARE:
        return NARROW
    return project(rng.randrange(PROJECTS))
