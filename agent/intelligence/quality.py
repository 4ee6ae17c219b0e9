"""Rate a project's data: the share of what decisions rest on that is there."""

from dataclasses import dataclass
from statistics import median

from agent.intelligence.schema import DataQualityReport
from domain_services.chronicle.schema import ProjectEvidence
from graphs.thresholds import MIN_OWN_SPRINTS

ENOUGH_SPRINTS = 8  # closed sprints: more than a pace is made of, and past plans to judge it by
ENOUGH_OUTCOMES = 5  # own decisions whose sprint has ended, as many as a learning needs

# Weight of each part in the score; past sprints decide most of a forecast, scope and people the
# rest.
WEIGHTS = {
    "sprint_history": 0.40,
    "completion_rate": 0.20,
    "team": 0.15,
    "outcomes_of_decisions": 0.10,
    "daily_scrums": 0.10,
    "impediments": 0.05,
}


@dataclass(frozen=True)
class ProjectData:
    """Data of a project that decisions rest on."""

    answered: bool
    """False when the chronicle did not answer."""
    history: ProjectEvidence | None
    """Recorded history; None when nothing is recorded."""
    team_size: int | None
    """Members of the team; None when no team is known."""
    outcomes: int
    """Own decisions whose sprint has ended."""


def assess(data: ProjectData) -> tuple[DataQualityReport, list[str]]:
    """Rate the data, and recommend what to add."""
    if not data.answered:
        note = "The chronicle did not answer, so nothing can be said of the project's history."
        return _report(None, None, None, None, {}, note), []
    history = data.history
    # The velocity counts all sprints, but lists the newest only.
    sprints = history.velocity.sprint_count if history else 0
    listed = history.velocity.velocity_trend_data if history else []
    completion_rate = history.patterns.completion_rate if history else None
    impediments = history.impediments.impediment_frequency if history else {}
    parts = {
        "sprint_history": min(1.0, sprints / ENOUGH_SPRINTS),
        "completion_rate": float(completion_rate is not None),
        "team": float(data.team_size is not None),
        "outcomes_of_decisions": min(1.0, data.outcomes / ENOUGH_OUTCOMES),
        "daily_scrums": float(history is not None and history.patterns.daily_scrum_count > 0),
        "impediments": float(bool(impediments)),
    }
    score = round(sum(WEIGHTS[name] * share for name, share in parts.items()), 2)
    typical = float(median(sprint.velocity for sprint in listed)) if listed else None
    note = _note(sprints, bool(impediments))
    report = _report(sprints or None, completion_rate, typical, score, parts, note)
    return report, _recommendations(sprints, parts)


def _report(
    sprints: int | None,
    completion_rate: float | None,
    velocity: float | None,
    score: float | None,
    parts: dict[str, float],
    note: str,
) -> DataQualityReport:
    return DataQualityReport(
        data_available=sprints is not None,
        historical_sprints=sprints,
        avg_completion_rate=completion_rate,
        common_team_velocity=velocity,
        data_quality_score=score,
        parts=parts,
        observation_note=note,
    )


def _note(sprints: int, impediments: bool) -> str:
    recorded = (
        f"{sprints} closed sprints are recorded." if sprints else "No closed sprint is recorded."
    )
    return f"{recorded} Impediment data are {'available' if impediments else 'missing'}."


def _recommendations(sprints: int, parts: dict[str, float]) -> list[str]:
    recommendations = {
        "sprint_history": (
            f"{'Insufficient' if sprints < MIN_OWN_SPRINTS else 'Short'} sprint history: {sprints}"
            f" closed sprints, {MIN_OWN_SPRINTS} are needed to judge evidence by past plans and"
            f" {ENOUGH_SPRINTS} make the pace steady. Import the team's history"
            " (dsm import csv) or close more sprints."
        ),
        "completion_rate": (
            "Average completion rate not available: of no sprint both the planned and the finished"
            " tasks are known. Run sprints here, so that their commitment is recorded."
        ),
        "team": "No team is known, so capacity and leave cannot be seen. Assign team members.",
        "outcomes_of_decisions": (
            "Few decisions of this project have an outcome yet, so confidence rests on the sprints"
            " of others. Close the sprints that were decided here."
        ),
        "daily_scrums": "No daily scrum is recorded. Report progress, or let the CronJob run.",
        "impediments": "No impediment is recorded. Name them in daily scrums and retrospectives.",
    }
    return [text for name, text in recommendations.items() if parts[name] < 1]
