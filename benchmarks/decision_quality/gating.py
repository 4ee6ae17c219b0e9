"""Measure what the gate lets through, and what following it brings."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.plans import outcomes_of, teams_of
from benchmarks.decision_quality.replay import Decided
from benchmarks.decision_quality.scores import Floats, ratio, share
from benchmarks.decision_quality.yardsticks import CONSTANT, YARDSTICKS
from graphs.evidence.payoff import Pair, payoff
from graphs.thresholds import CONFIDENCE_THRESHOLD, MIN_OWN_SPRINTS, SPRINT_ERROR

NOTICEABLE = 2  # tasks worse or better than the rule that count as harm or help

Plan = Callable[[Decided], int]


def _smoothing(decision: Decided) -> int:
    return round(YARDSTICKS["smoothing_0_3"](decision.case))


# Pairs of a rule and an evidence whose advantage is known beforehand: none, and a large one.
CONTROLS: dict[str, tuple[Plan, Plan]] = {
    "smoothing_0_3_against_own_pace": (lambda decision: decision.rule, _smoothing),
    "own_pace_against_10": (lambda decision: round(CONSTANT), lambda decision: decision.rule),
}


def measure(decided: Sequence[Decided]) -> dict[str, Any]:
    """Judge similar episodes and the controls; `decided` are all sprints, team by team."""
    some = [decision for decision in decided if decision.case.before >= MIN_OWN_SPRINTS]
    return {
        "similar_episodes": _similar_episodes(some),
        "controls": {
            name: _control(decided, rule, evidence) for name, (rule, evidence) in CONTROLS.items()
        },
    }


def compare(rule: Floats, plans: Floats, outcomes: Floats, teams: Sequence[str]) -> dict[str, Any]:
    """Compare plans with the rule's: errors, and how often they are noticeably nearer."""
    nearer = np.abs(rule - outcomes) - np.abs(plans - outcomes)
    return {
        "changed": asdict(share((plans != rule) * 1.0, teams)),
        "wins": int((nearer > 0).sum()),
        "losses": int((nearer < 0).sum()),
        "mae": float(np.abs(plans - outcomes).mean()),
        "ratio_to_rule": asdict(ratio(np.abs(plans - outcomes), np.abs(rule - outcomes), teams)),
        "help": asdict(share((nearer >= NOTICEABLE) * 1.0, teams)),
        "harm": asdict(share((nearer <= -NOTICEABLE) * 1.0, teams)),
    }


def _similar_episodes(decided: Sequence[Decided]) -> dict[str, Any]:
    outcomes, teams = outcomes_of(decided), teams_of(decided)
    rule, recommended, applied = (
        np.array([getattr(decision, name) for decision in decided], float)
        for name in ("rule", "recommended", "applied")
    )
    records = [decision.proposal.record for decision in decided]
    return {
        "decisions": len(decided),
        "with_evidence": sum(record is not None for record in records),
        "rule_mae": float(np.abs(rule - outcomes).mean()),
        "confident": asdict(share(np.array([one.follows for one in decided], float), teams)),
        "passed": asdict(share(np.array([one.passed for one in decided], float), teams)),
        "recommended": compare(rule, recommended, outcomes, teams),
        "applied": compare(rule, applied, outcomes, teams),
    }


def _control(decided: Sequence[Decided], rule: Plan, evidence: Plan) -> dict[str, Any]:
    """Walk a rule and an evidence forward through the gate, without the limits of a change."""
    records: dict[str, list[Pair]] = {}
    plans: list[tuple[int, int, int, bool]] = []
    judged: list[Decided] = []
    for decision in decided:
        if not decision.case.before:
            continue  # a yardstick needs a sprint before it
        record = records.setdefault(decision.case.team, [])
        pair = Pair(rule(decision), evidence(decision), decision.case.completed)
        if decision.case.before >= MIN_OWN_SPRINTS:
            passed = payoff(record, SPRINT_ERROR).confidence >= CONFIDENCE_THRESHOLD
            applied = pair.evidence if passed else pair.rule
            plans.append((pair.rule, pair.evidence, applied, passed))
            judged.append(decision)
        record.append(pair)
    outcomes, teams = outcomes_of(judged), teams_of(judged)
    rules, suggested, applied_plans, passes = np.array(plans, float).T
    return {
        "decisions": len(judged),
        "passed": asdict(share(passes, teams)),
        "rule_mae": float(np.abs(rules - outcomes).mean()),
        "evidence_mae": float(np.abs(suggested - outcomes).mean()),
        "applied": compare(rules, applied_plans, outcomes, teams),
    }
