"""Decisions with and without the gate, compared with the rule it falls back to."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.replay import Decided
from benchmarks.decision_quality.scores import Floats, pinball, ratio, share, wilson
from graphs.evidence.calibration import reliability_table

NOTICEABLE = 2  # tasks worse or better than the rule that count as harm or help


def measure(decided: Sequence[Decided]) -> dict[str, Any]:
    """Changed decisions, wins, harm and help, over-commitment; and the stated confidence."""
    teams = [decision.case.team for decision in decided]
    outcomes = np.array([decision.case.completed for decision in decided], float)
    rule, recommended, applied = (
        np.array([getattr(decision, name) for decision in decided], float)
        for name in ("rule", "recommended", "applied")
    )
    ungated = _against_rule(rule, recommended, outcomes, teams)
    gated = _against_rule(rule, applied, outcomes, teams)
    return {
        "decisions": len(decided),
        "gated": gated,
        "ungated": ungated,
        "help_kept": _over(gated["help"]["count"], ungated["help"]["count"]),
        "harm_kept": _over(gated["harm"]["count"], ungated["harm"]["count"]),
        "confidence": confidence(decided),
        "commitment": {
            name: _commitment(counts, outcomes, teams)
            for name, counts in (("rule", rule), ("ungated", recommended), ("gated", applied))
        },
    }


def confidence(decided: Sequence[Decided]) -> list[dict[str, Any]]:
    """Stated against observed by bin, over every suggested change that was no tie."""
    judged = [
        (decision.proposal.confidence, _edge(decision) > 0)
        for decision in decided
        if decision.proposal.confidence is not None and _edge(decision)
    ]
    return [
        bucket.model_dump()
        | {"stated_minus_observed": None if not bucket.count else bucket.stated - bucket.observed}
        for bucket in reliability_table(judged)
    ]


def _edge(decided: Decided) -> int:
    """Count the tasks by which the recommended count ended nearer than the rule's."""
    completed = decided.case.completed
    return abs(decided.rule - completed) - abs(decided.recommended - completed)


def _against_rule(
    rule: Floats, count: Floats, outcomes: Floats, teams: Sequence[str]
) -> dict[str, Any]:
    edge = np.abs(rule - outcomes) - np.abs(count - outcomes)
    changed = count != rule
    wins, losses = int((edge > 0).sum()), int((edge < 0).sum())
    bounds = wilson(wins, wins + losses)
    return {
        "changed": int(changed.sum()),
        "wins": wins,
        "losses": losses,
        "ties": int((changed & (edge == 0)).sum()),
        "win_rate": _over(wins, wins + losses),
        "wilson": None if bounds is None else {"low": bounds[0], "high": bounds[1]},
        "win_rate_by_team": asdict(ratio((edge > 0) * 1.0, (edge != 0) * 1.0, teams)),
        "mae_ratio_to_rule": asdict(
            ratio(np.abs(count - outcomes), np.abs(rule - outcomes), teams)
        ),
        "harm": _noticed(edge <= -NOTICEABLE, changed, teams),
        "help": _noticed(edge >= NOTICEABLE, changed, teams),
    }


def _noticed(holds: Any, changed: Any, teams: Sequence[str]) -> dict[str, Any]:
    return {
        "count": int(holds.sum()),
        "of_decisions": asdict(share(holds * 1.0, teams)),
        "of_changed": asdict(ratio(holds * 1.0, changed * 1.0, teams)),
    }


def _commitment(counts: Floats, outcomes: Floats, teams: Sequence[str]) -> dict[str, Any]:
    over = np.maximum(counts - outcomes, 0)
    return {
        "over_committed": asdict(share((over > 0) * 1.0, teams)),
        "mean_overshoot": float(over.mean()),
        "pinball": pinball(outcomes, counts, 0.5),
    }


def _over(part: float, whole: float) -> float | None:
    return part / whole if whole else None
