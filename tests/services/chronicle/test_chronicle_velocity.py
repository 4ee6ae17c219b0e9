"""Velocity counts finished tasks; a trend needs more evidence than chance."""

import math

import httpx
import pytest

from domain_services.chronicle.client import ChronicleClient
from tests.services.chronicle.history import audit, daily_report, retrospective, retrospectives


def least_squares(counts: list[int]) -> tuple[float, float]:
    """Compute slope and standard error by the textbook."""
    n = len(counts)
    xs = range(n)
    mean_x, mean_y = sum(xs) / n, sum(counts) / n
    sxx = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, counts, strict=True)) / sxx
    residuals = [y - mean_y - slope * (x - mean_x) for x, y in zip(xs, counts, strict=True)]
    return slope, math.sqrt(sum(r * r for r in residuals) / (n - 2) / sxx)


async def test_trend_of_a_small_history_is_the_one_computed_by_hand(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_sprint_retrospectives(retrospectives("P1", [2, 4, 3, 5, 6]))
    velocity = await chronicle.velocity("P1")
    # Sxx = 10, Sxy = 9, Syy = 10: slope 0.9, residual squares 10 - 8.1 = 1.9.
    assert velocity.average_velocity == 4.0
    assert velocity.trend is not None
    assert velocity.trend.slope == pytest.approx(0.9)
    assert velocity.trend.standard_error == pytest.approx(math.sqrt(1.9 / 3 / 10))
    assert velocity.velocity_trend == "increasing"
    assert "4.0 tasks on average" in velocity.velocity_analysis
    assert "+0.90" in velocity.velocity_analysis
    assert velocity.reasons == {}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([9, 8, 6, 5, 3], "decreasing"),
        ([5, 5, 5, 5, 5], "stable"),
        ([5, 9, 4, 8, 6], "stable"),
        ([1, 2, 3, 4], "stable"),
        ([4, 4, 4], "stable"),
    ],
)
async def test_trend_is_the_least_squares_line(
    chronicle: ChronicleClient, counts: list[int], expected: str
) -> None:
    await chronicle.create_sprint_retrospectives(retrospectives("P1", counts))
    velocity = await chronicle.velocity("P1")
    slope, error = least_squares(counts)
    assert velocity.trend is not None
    assert velocity.trend.slope == pytest.approx(slope)
    assert velocity.trend.standard_error == pytest.approx(error, abs=1e-9)
    assert velocity.velocity_trend == expected


async def test_only_the_last_12_sprints_make_the_trend(chronicle: ChronicleClient) -> None:
    counts = [30, 1, 25, 3, 4, 3, 5, 4, 6, 5, 7, 6, 8, 7, 9]
    await chronicle.create_sprint_retrospectives(retrospectives("P1", counts))
    velocity = await chronicle.velocity("P1")
    slope, error = least_squares(counts[-12:])
    assert velocity.trend is not None
    assert velocity.trend.sprint_count == 12
    assert velocity.trend.slope == pytest.approx(slope)
    assert velocity.trend.standard_error == pytest.approx(error)
    assert velocity.average_velocity == pytest.approx(sum(counts) / len(counts))
    assert [sprint.completed_tasks for sprint in velocity.velocity_trend_data] == counts


async def test_sprints_are_ordered_by_date_not_by_arrival(chronicle: ChronicleClient) -> None:
    for number in (3, 1, 2):
        await chronicle.create_sprint_retrospective(retrospective("P1", number, finished=number))
    velocity = await chronicle.velocity("P1")
    assert [sprint.sprint_id for sprint in velocity.velocity_trend_data] == [
        "P1-S01",
        "P1-S02",
        "P1-S03",
    ]
    assert velocity.velocity_trend_data[0].sprint_name == "Sprint 1"


async def test_two_sprints_have_a_mean_and_no_trend(chronicle: ChronicleClient) -> None:
    await chronicle.create_sprint_retrospectives(retrospectives("P1", [3, 6]))
    velocity = await chronicle.velocity("P1")
    assert (velocity.average_velocity, velocity.trend, velocity.velocity_trend) == (4.5, None, None)
    assert set(velocity.reasons) == {"trend", "velocity_trend"}


async def test_project_without_closed_sprints_has_no_velocity_but_a_reason(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_daily_scrum_report(daily_report("P1"))
    velocity = await chronicle.velocity("P1")
    assert (velocity.velocity_trend_data, velocity.average_velocity) == ([], None)
    assert velocity.reasons["average_velocity"] == "no closed sprint is recorded"


async def test_sprints_that_finished_nothing_have_velocity_0(chronicle: ChronicleClient) -> None:
    await chronicle.create_sprint_retrospectives(retrospectives("P1", [0, 0, 0]))
    velocity = await chronicle.velocity("P1")
    assert (velocity.average_velocity, velocity.velocity_trend) == (0.0, "stable")


@pytest.mark.parametrize(
    "path",
    [
        "project/P9/evidence",
        "project/P9/patterns",
        "project/P9/velocity",
        "project/P9/impediments",
        "projects/similar?reference_project_id=P9",
        "decisions/impact/P9",
    ],
)
async def test_unknown_project_is_not_found(
    chronicle: ChronicleClient, chronicle_url: str, http: httpx.AsyncClient, path: str
) -> None:
    await chronicle.create_decision_audit(audit("P1"))
    assert (await http.get(f"{chronicle_url}/v1/analytics/{path}")).status_code == 404
