"""Neighbours as recall would give them, by the structured part of the similarity.

A remembered sprint is one of another team, whenever it was (the file knows no dates to compare
teams by), or an earlier one of the same team. What was perceived holds nothing of the decided
sprint but its length, and with the scope known its scope and people; without, the scope and the
people of the sprint before stand in for the open tasks and the team. A scope that the file does
not tell is no zero: what follows from it is left at the mean, as any unknown value.
"""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from benchmarks.decision_quality.sprints import Row, Teams
from graphs.evidence.neighbours import NeighbourEvidence, as_evidence
from graphs.thresholds import HISTORY_SPRINTS, RECALL_EPISODES
from memory.episode import Outcome, Perception
from memory.features import DIMENSIONS, SCALES, features, similarity

NO_DAY = date(2000, 1, 1)  # a perception has a day; nothing compares it here
OF_THE_SCOPE = ("unassigned", "backlog", "sprints_of_work")  # what `features` makes of it


class Memory:
    """Every sprint that has one before it, as an episode with a known outcome."""

    def __init__(self, teams: Teams, scope_known: bool) -> None:
        self._scope_known = scope_known
        self._rows = [(rows, at) for rows in teams.values() for at in range(1, len(rows))]
        self._seen = [perceive(rows, at, scope_known) for rows, at in self._rows]
        self._features = np.array(
            [vector(rows, at, scope_known) for rows, at in self._rows]
        ).reshape(len(self._rows), DIMENSIONS)
        self._team = np.array([rows[at].team for rows, at in self._rows])
        self._at = np.array([at for _, at in self._rows])

    def recall(self, rows: tuple[Row, ...], at: int) -> tuple[NeighbourEvidence, ...]:
        """The nearest episodes to sprint `at` of a team, nearest first."""
        own = np.array(vector(rows, at, self._scope_known))
        distances: NDArray[np.float64] = np.linalg.norm(self._features - own, axis=1)
        distances[(self._team == rows[at].team) & (self._at >= at)] = np.inf
        nearest = np.argsort(distances, kind="stable")[:RECALL_EPISODES]
        episodes = (
            as_evidence(
                similarity(float(distances[index])), self._seen[index], self._outcome(index)
            )
            for index in nearest
            if np.isfinite(distances[index])
        )
        return tuple(episode for episode in episodes if episode is not None)

    def _outcome(self, index: int) -> Outcome:
        rows, at = self._rows[index]
        return Outcome(completed_tasks=rows[at].completed, duration_days=rows[at].days)


def perceive(rows: tuple[Row, ...], at: int, scope_known: bool) -> Perception:
    """Rebuild what the orchestrator saw before sprint `at`.

    A perception cannot tell a scope that is not known from none; `vector` can.
    """
    scope = _seen_scope(rows, at, scope_known)
    return Perception(
        project_id=rows[at].team,
        day=NO_DAY,
        backlog_tasks=scope or 0,
        unassigned_tasks=scope or 0,
        team_size=seen_people(rows, at, scope_known),
        sprint_days=rows[at].days,
        past_sprints=at,
        completed=tuple(row.completed for row in rows[:at][-HISTORY_SPRINTS:]),
    )


def vector(rows: tuple[Row, ...], at: int, scope_known: bool) -> tuple[float, ...]:
    """The features of `perceive`, in standard units; 0, the mean, for what is not known."""
    vector = features(perceive(rows, at, scope_known))
    if _seen_scope(rows, at, scope_known) is not None:
        return vector
    return tuple(
        0.0 if name in OF_THE_SCOPE else value for name, value in zip(SCALES, vector, strict=True)
    )


def seen_people(rows: tuple[Row, ...], at: int, scope_known: bool) -> int | None:
    """Return the people that are known before sprint `at`: its own for a team's first one."""
    return _source(rows, at, scope_known).people


def _seen_scope(rows: tuple[Row, ...], at: int, scope_known: bool) -> int | None:
    """Return the scope that is seen; None before a team's first sprint, if it is not known."""
    return _source(rows, at, scope_known).scope if scope_known or at else None


def _source(rows: tuple[Row, ...], at: int, scope_known: bool) -> Row:
    """Return the row whose scope and people are seen."""
    return rows[at] if scope_known else rows[max(0, at - 1)]
