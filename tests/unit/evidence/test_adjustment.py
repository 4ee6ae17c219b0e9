from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.adjustment import Evidence, NeighbourEvidence, Proposal
from graphs.evidence.adjustment import propose as propose_with
from graphs.evidence.shipped import shipped
from graphs.evidence.throughput import Sprint
from graphs.nodes.adjust import adjust
from graphs.rules.base import Ruling
from graphs.state import Adjustment, PastSprint, Snapshot, dump, load
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


def test_a_slow_team_gets_fewer_tasks_with_high_confidence():
    proposal = propose(SLOW)
    assert (proposal.original, proposal.recommended) == (10, 5)
    assert proposal.confidence is not None
    assert proposal.raw_confidence is not None
    assert proposal.confidence == CALIBRATION.calibrated(proposal.raw_confidence) > 0.8
    assert (proposal.wins, proposal.losses, proposal.sample_size) == (5, 0, 8)
    assert "calibrated on 359 outcomes (0 of this installation)" in proposal.reason


def test_a_fast_team_gets_more_tasks_up_to_half_the_rule():
    assert propose(FAST).recommended == 15


def test_that_less_was_right_says_nothing_of_more():
    """Twenty sprints of 6 against a rule of 10, then two of 50."""
    changed = propose(replace(SLOW, history=of(*[6] * 20, 50, 50)))
    assert changed.recommended > changed.original
    assert changed.wins + changed.losses <= 1
    assert changed.confidence is not None
    assert changed.confidence < 0.75


def test_an_even_rule_is_kept_down_to_one_task():
    odd = replace(SLOW, history=of(0, 0, 0, 0), rule_tasks=1, unassigned=1)
    assert propose(odd).recommended == 1
    assert propose(replace(odd, rule_tasks=3, unassigned=3)).recommended == 2


def test_the_callers_limit_and_the_backlog_are_hard():
    assert propose(replace(FAST, max_tasks=12)).recommended == 12
    assert propose(replace(FAST, max_tasks=10)).recommended == 10
    assert propose(replace(FAST, unassigned=13)).recommended == 13


def test_a_count_that_fits_is_left_alone_without_a_confidence():
    proposal = propose(replace(SLOW, history=of(11, 12, 11, 10, 12, 11, 12, 11)))
    assert (proposal.recommended, proposal.confidence) == (10, None)
    assert proposal.expected_improvement is None
    assert "nothing to adjust" in proposal.reason


def test_three_own_sprints_are_enough_and_two_are_not():
    assert propose(replace(SLOW, history=of(3, 4, 2))).recommended < 10
    proposal = propose(replace(SLOW, history=of(3, 4)))
    assert (proposal.recommended, proposal.confidence, proposal.expected) == (10, None, None)
    assert (proposal.low, proposal.high, proposal.parts) == (None, None, ())
    assert "2 past sprints of the project (3 needed)" in proposal.reason


def test_three_similar_projects_stand_in_for_own_sprints_and_two_do_not():
    proposal = propose(replace(SLOW, history=(), neighbours=SIMILAR))
    assert proposal.recommended < 10
    assert (proposal.sample_size, proposal.wins, proposal.losses) == (3, 0, 0)
    assert propose(replace(SLOW, history=(), neighbours=SIMILAR[:2])).recommended == 10


def test_a_rule_that_plans_nothing_is_not_adjusted():
    proposal = propose(replace(SLOW, rule_tasks=0, unassigned=0))
    assert (proposal.recommended, proposal.confidence) == (0, None)
    assert "nothing to adjust" in proposal.reason


def test_leave_lowers_the_expectation_and_is_named():
    half = propose(replace(FAST, capacity_share=0.5))
    full = propose(replace(FAST, capacity_share=1.0))
    assert half.expected == pytest.approx((full.expected or 0) / 2)
    assert "50% of its full working time" in half.reason
    assert "full working time" not in full.reason


def test_a_backlog_that_leaves_no_choice_is_forecast_as_the_plan():
    keen = replace(SLOW, history=tuple(Sprint(4, 14, 5) for _ in range(8)), unassigned=8)
    settled, free = propose(replace(keen, rule_tasks=8)), propose(replace(keen, rule_tasks=7))
    assert (settled.expected or 0) > (free.expected or 0)
    assert settled.recommended > free.recommended
    unknown = replace(keen, history=of(4, 4, 4, 4, 4, 4, 4, 4), rule_tasks=8)
    assert propose(unknown).expected == free.expected


def test_a_cut_plan_that_is_completed_does_not_cut_the_next_one():
    able = tuple(Sprint(9, 14, 12) for _ in range(6))
    cut = (*able, *(Sprint(5, 14, 5) for _ in range(8)))
    before, after = propose(replace(SLOW, history=able)), propose(replace(SLOW, history=cut))
    assert after.recommended == before.recommended
    assert (after.wins, after.losses) == (before.wins, before.losses)
    failed = (*able, *(Sprint(5, 14, 6) for _ in range(8)))
    assert propose(replace(SLOW, history=failed)).recommended < before.recommended


def test_a_record_of_losses_takes_confidence_away():
    kind, harsh = of(3, 3, 3, 4, 3, 4, 3, 4), of(12, 12, 3, 14, 12, 12, 13, 3, 2, 2, 1, 2, 2)
    trusted, doubted = propose(replace(SLOW, history=kind)), propose(replace(SLOW, history=harsh))
    assert trusted.losses == 0 < doubted.losses
    assert (doubted.confidence or 0) < (trusted.confidence or 0)


def test_every_part_carries_its_sample_size():
    parts = {each.name: each for each in propose(replace(SLOW, neighbours=SIMILAR)).parts}
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
    share=st.none() | st.floats(0, 1),
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
def test_a_proposal_never_leaves_its_limits(history, unassigned, limit, share, neighbours):
    rule = min(unassigned, limit or 10)
    proposal = propose(
        Evidence("OWN", of(*history), tuple(neighbours), rule, unassigned, limit, share, 14)
    )
    assert 2 * abs(proposal.recommended - rule) <= rule
    assert 1 <= proposal.recommended <= min(unassigned, limit or unassigned)
    assert (proposal.confidence is None) == (proposal.recommended == rule)
    assert proposal.confidence is None or 0 <= proposal.confidence <= 1
    if proposal.low is not None and proposal.high is not None:
        assert proposal.low <= proposal.high


DAY = date(2016, 6, 6)


def perceived(project_id: str, completed: tuple[int, ...]) -> Perception:
    return Perception(
        project_id=project_id,
        day=DAY,
        backlog_tasks=20,
        unassigned_tasks=17,
        sprint_days=14,
        past_sprints=len(completed),
        completed=completed,
    )


async def adjusted(past: int, *projects: str, rule: int = 10) -> Adjustment:
    """What the node recommends after `past` own sprints, with an episode of each project recalled.

    The episode of a project named in lower case has no pace to be held against, so says nothing.
    """
    snapshot = Snapshot(
        facts=FACTS,
        perception=perceived("APOLLO", (8,) * past),
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
            perception=perceived(project, (4, 5) if project.isupper() else ()),
            outcome=Outcome(completed_tasks=4, duration_days=14),
        )
        for number, project in enumerate(projects)
    )
    recalled = Recall.nothing("").model_copy(update={"neighbours": neighbours})
    rulings = (Ruling("create", "create_sprint", "tasks are free", rule, 2),)
    state: Any = {
        "snapshot": dump(Snapshot, snapshot),
        "rulings": dump(tuple[Ruling, ...], rulings),
        "recall": recalled.model_dump(mode="json"),
    }
    runtime: Any = SimpleNamespace(context=SimpleNamespace(calibration=CALIBRATION))
    update = await adjust(state=state, runtime=runtime)
    return load(tuple[Adjustment, ...], update["adjustments"])[0]


@pytest.mark.parametrize(
    ("past", "rule", "recalled", "episodes", "projects"),
    [
        (6, 10, ("A", "B", "APOLLO"), [0, 1, 2], ["A", "B"]),  # enough, one of them an own episode
        (6, 10, ("A", "silent", "B", "C"), [0, 2, 3], ["A", "B", "C"]),
        (6, 10, ("A", "B"), [], []),  # too few to be used
        (6, 10, ("A", "B", "silent"), [], []),
        (2, 10, ("A", "A", "A", "B"), [], []),  # too little evidence: nothing is adjusted
        (6, 0, ("A", "B", "C"), [], []),  # nothing to adjust
        (0, 10, ("A", "B", "C"), [0, 1, 2], ["A", "B", "C"]),
    ],
)
async def test_only_neighbours_that_were_used_are_named_and_counted(
    past: int, rule: int, recalled: tuple[str, ...], episodes: list[int], projects: list[str]
):
    found = await adjusted(past, *recalled, rule=rule)
    assert found.details["similar_projects_used"] == projects
    assert found.details["episodes_used"] == [str(UUID(int=number)) for number in episodes]
    assert found.sample_size == past + len(episodes) == found.details["proposal"]["sample_size"]
    assert f"{len(episodes)} similar episodes" in found.evidence_source
    parts = {part["name"] for part in found.details["proposal"]["parts"]}
    assert ("neighbours_completed_over_typical" in parts) == bool(episodes)


async def test_too_little_evidence_is_told_with_what_was_found():
    assert "2 similar projects (3 needed)" in (await adjusted(1, "A", "B", "B")).rationale
