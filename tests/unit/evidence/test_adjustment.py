from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.adjustment import propose as propose_with
from graphs.evidence.forecast import Evidence
from graphs.evidence.neighbours import NeighbourEvidence
from graphs.evidence.proposal import Proposal
from graphs.evidence.shipped import shipped
from graphs.evidence.throughput import Sprint
from graphs.nodes.adjust import adjust
from graphs.rules.base import Ruling
from graphs.state import PastSprint, Snapshot
from memory.decision import Recommendation
from memory.episode import Outcome, Perception
from memory.recall import Neighbour, Recall
from tests.unit.evidence.sprints import of
from tests.unit.rules.conftest import FACTS

SLOW = Evidence(
    project_id="OWN",
    history=of(3, 4, 2, 3, 4, 3, 2, 3),
    neighbours=(),
    rule_tasks=10,
    unassigned=40,
    max_tasks=None,
    capacity_share=None,
    days=14,
)
CALIBRATION = shipped()
FAST = replace(SLOW, history=of(30, 34, 28, 31, 36, 29, 33, 30))
SIMILAR = tuple(NeighbourEvidence(0.8, done, 4.0, f"P{done}") for done in (3, 4, 5))


def propose(evidence: Evidence) -> Proposal:
    return propose_with(evidence, CALIBRATION)


def test_slow_team_gets_fewer_tasks_with_high_confidence() -> None:
    proposal = propose(SLOW)
    assert (proposal.original, proposal.recommended) == (10, 5)
    assert proposal.confidence is not None
    assert proposal.raw_confidence is not None
    assert proposal.confidence == CALIBRATION.calibrated(proposal.raw_confidence) > 0.8
    assert (proposal.wins, proposal.losses, proposal.sample_size) == (5, 0, 8)
    assert "calibrated on 359 outcomes (0 of this installation)" in proposal.reason


def test_fast_team_gets_at_most_half_more_than_the_rule() -> None:
    assert propose(FAST).recommended == 15


def test_success_of_smaller_plans_gives_no_confidence_in_a_larger_one() -> None:
    """Twenty sprints of 6 against a rule of 10, then two of 50."""
    changed = propose(replace(SLOW, history=of(*[6] * 20, 50, 50)))
    assert changed.recommended > changed.original
    assert changed.wins + changed.losses <= 1
    assert changed.confidence is not None
    assert changed.confidence < 0.75


def test_count_falls_by_half_of_the_rule_at_most_and_to_one_task_at_least() -> None:
    odd = replace(SLOW, history=of(0, 0, 0, 0), rule_tasks=1, unassigned=1)
    assert propose(odd).recommended == 1
    assert propose(replace(odd, rule_tasks=3, unassigned=3)).recommended == 2


def test_count_exceeds_neither_the_callers_limit_nor_the_backlog() -> None:
    assert propose(replace(FAST, max_tasks=12)).recommended == 12
    assert propose(replace(FAST, max_tasks=10)).recommended == 10
    assert propose(replace(FAST, unassigned=13)).recommended == 13


def test_count_that_fits_is_not_adjusted_and_has_no_confidence() -> None:
    proposal = propose(replace(SLOW, history=of(11, 12, 11, 10, 12, 11, 12, 11)))
    assert (proposal.recommended, proposal.confidence) == (10, None)
    assert proposal.expected_improvement is None
    assert "nothing to adjust" in proposal.reason


def test_adjustment_needs_three_own_sprints() -> None:
    assert propose(replace(SLOW, history=of(3, 4, 2))).recommended < 10
    proposal = propose(replace(SLOW, history=of(3, 4)))
    assert (proposal.recommended, proposal.confidence, proposal.expected) == (10, None, None)
    assert (proposal.low, proposal.high, proposal.parts) == (None, None, ())
    assert "3 past sprints of the project (2 known)" in proposal.reason


def test_three_similar_projects_replace_missing_own_sprints() -> None:
    proposal = propose(replace(SLOW, history=(), neighbours=SIMILAR))
    assert proposal.recommended < 10
    assert (proposal.sample_size, proposal.wins, proposal.losses) == (3, 0, 0)
    assert propose(replace(SLOW, history=(), neighbours=SIMILAR[:2])).recommended == 10


def test_rule_that_plans_nothing_is_not_adjusted() -> None:
    proposal = propose(replace(SLOW, rule_tasks=0, unassigned=0))
    assert (proposal.recommended, proposal.confidence) == (0, None)
    assert "nothing to adjust" in proposal.reason


def test_leave_lowers_the_expectation_and_is_in_the_reason() -> None:
    half = propose(replace(FAST, capacity_share=0.5))
    full = propose(replace(FAST, capacity_share=1.0))
    assert half.expected == pytest.approx((full.expected or 0) / 2)
    assert "50% of its full working time" in half.reason
    assert "full working time" not in full.reason


def test_backlog_without_a_choice_is_forecast_as_the_plan() -> None:
    unfinished = replace(SLOW, history=tuple(Sprint(4, 14, 5) for _ in range(8)), unassigned=8)
    whole_backlog, choice = (
        propose(replace(unfinished, rule_tasks=8)),
        propose(replace(unfinished, rule_tasks=7)),
    )
    assert (whole_backlog.expected or 0) > (choice.expected or 0)
    assert whole_backlog.recommended > choice.recommended
    unknown = replace(unfinished, history=of(4, 4, 4, 4, 4, 4, 4, 4), rule_tasks=8)
    assert propose(unknown).expected == choice.expected


def test_completed_small_plan_does_not_make_the_next_one_smaller() -> None:
    regular = tuple(Sprint(9, 14, 12) for _ in range(6))
    small = (*regular, *(Sprint(5, 14, 5) for _ in range(8)))
    before, after = propose(replace(SLOW, history=regular)), propose(replace(SLOW, history=small))
    assert after.recommended == before.recommended
    assert (after.wins, after.losses) == (before.wins, before.losses)
    failed = (*regular, *(Sprint(5, 14, 6) for _ in range(8)))
    assert propose(replace(SLOW, history=failed)).recommended < before.recommended


def test_replayed_losses_lower_the_confidence() -> None:
    winning, losing = of(3, 3, 3, 4, 3, 4, 3, 4), of(12, 12, 3, 14, 12, 12, 13, 3, 2, 2, 1, 2, 2)
    sure, unsure = propose(replace(SLOW, history=winning)), propose(replace(SLOW, history=losing))
    assert sure.losses == 0 < unsure.losses
    assert (unsure.confidence or 0) < (sure.confidence or 0)


def test_every_number_behind_a_proposal_has_its_sample_size() -> None:
    parts = {part.name: part for part in propose(replace(SLOW, neighbours=SIMILAR)).parts}
    assert parts["smoothed_throughput"].sample_size == 8
    assert parts["mean_of_last_three"].sample_size == 3
    assert parts["neighbours_completed_over_typical"].sample_size == 3
    assert (
        parts["chance_to_complete_original"].value < parts["chance_to_complete_recommended"].value
    )


@given(
    history=st.lists(st.integers(0, 200), max_size=24),
    unassigned=st.integers(1, 60),
    limit=st.none() | st.integers(1, 40),
    capacity_share=st.none() | st.floats(0, 1),
    neighbours=st.lists(
        st.builds(
            NeighbourEvidence,
            st.floats(0, 1),
            st.integers(0, 200),
            st.floats(0, 200),
            st.sampled_from("ABCD"),
        ),
        max_size=5,
    ),
)
def test_proposal_stays_within_its_limits(
    history: list[int],
    unassigned: int,
    limit: int | None,
    capacity_share: float | None,
    neighbours: list[NeighbourEvidence],
) -> None:
    rule = min(unassigned, limit or 10)
    proposal = propose(
        Evidence(
            "OWN", of(*history), tuple(neighbours), rule, unassigned, limit, capacity_share, 14
        )
    )
    assert 2 * abs(proposal.recommended - rule) <= rule
    assert 1 <= proposal.recommended <= min(unassigned, limit or unassigned)
    assert (proposal.confidence is None) == (proposal.recommended == rule)
    assert proposal.confidence is None or 0 <= proposal.confidence <= 1
    if proposal.low is not None and proposal.high is not None:
        assert proposal.low <= proposal.high


DAY = date(2016, 6, 6)


def perception(project_id: str, completed: tuple[int, ...]) -> Perception:
    return Perception(
        project_id=project_id,
        day=DAY,
        backlog_tasks=20,
        unassigned_tasks=17,
        sprint_days=14,
        past_sprints=len(completed),
        completed=completed,
    )


async def adjusted(past: int, *projects: str, rule: int = 10) -> Recommendation:
    """Run the node after `past` own sprints, with one recalled episode of each project.

    The episode of a project named in lower case has no pace to compare its outcome with.
    """
    snapshot = Snapshot(
        facts=FACTS,
        perception=perception("APOLLO", (8,) * past),
        timezone="Europe/Berlin",
        past=tuple(
            PastSprint(f"APOLLO-S{n:02}", DAY - timedelta(14 * n), DAY - timedelta(14 * n - 13), 8)
            for n in range(past, 0, -1)
        ),
        average_velocity=None,
        trend=None,
    )
    neighbours = tuple(
        Neighbour(
            episode_id=UUID(int=number),
            project_id=project,
            sprint_id=None,
            day=DAY,
            similarity=0.9,
            structured_similarity=0.9,
            text_similarity=None,
            found_by="structured",
            perception=perception(project, (4, 5) if project.isupper() else ()),
            outcome=Outcome(completed_tasks=4, duration_days=14),
        )
        for number, project in enumerate(projects)
    )
    recalled = Recall.nothing("").model_copy(update={"neighbours": neighbours})
    rulings = (Ruling("create", "create_sprint", "tasks are free", rule, 2),)
    state: Any = {
        "snapshot": snapshot,
        "rulings": rulings,
        "recall": recalled,
    }
    runtime: Any = SimpleNamespace(context=SimpleNamespace(calibration=CALIBRATION))
    update = await adjust(state=state, runtime=runtime)
    return update["recommendations"][0]


@pytest.mark.parametrize(
    ("past", "rule", "recalled", "episodes", "projects"),
    [
        (
            6,
            10,
            ("A", "B", "APOLLO"),
            [0, 1, 2],
            ["A", "B"],
        ),  # enough, one of them an episode of its own
        (6, 10, ("A", "no_pace", "B", "C"), [0, 2, 3], ["A", "B", "C"]),
        (6, 10, ("A", "B"), [], []),  # too few to be used
        (6, 10, ("A", "B", "no_pace"), [], []),
        (2, 10, ("A", "A", "A", "B"), [], []),  # too little evidence: nothing is adjusted
        (6, 0, ("A", "B", "C"), [], []),  # nothing to adjust
        (0, 10, ("A", "B", "C"), [0, 1, 2], ["A", "B", "C"]),
    ],
)
async def test_only_used_neighbours_are_named_and_counted(
    past: int, rule: int, recalled: tuple[str, ...], episodes: list[int], projects: list[str]
) -> None:
    recommendation = await adjusted(past, *recalled, rule=rule)
    evidence = recommendation.evidence
    assert evidence is not None
    assert evidence.similar_projects == tuple(projects)
    assert evidence.episodes == tuple(str(UUID(int=number)) for number in episodes)
    assert recommendation.sample_size == past + len(episodes)
    assert f"{len(episodes)} similar episodes" in recommendation.evidence_source
    parts = {part.name for part in evidence.parts}
    assert ("neighbours_completed_over_typical" in parts) == bool(episodes)


async def test_reason_counts_evidence_that_is_not_enough() -> None:
    assert "or 3 similar projects (2 known)" in (await adjusted(1, "A", "B", "B")).rationale
