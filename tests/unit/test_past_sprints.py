"""Past sprints as a decision reads them from the chronicle's velocity."""

from datetime import date

from domain_services.chronicle.schema import ProjectVelocity, SprintVelocity
from graphs.nodes.history import past_sprints


def sprint(number: int, **counts: int | None) -> SprintVelocity:
    values = {"completed_tasks": 5, "total_tasks": 8, **counts}
    return SprintVelocity.model_validate(
        {
            "sprint_id": f"P1-S{number:02}",
            "sprint_name": f"Sprint {number}",
            "start_date": date(2025, 1, number),
            "end_date": date(2025, 1, number),
            **values,
        }
    )


def test_arrived_tasks_of_a_past_sprint_are_counted_or_not_known() -> None:
    velocity = ProjectVelocity(
        project_id="P1",
        sprint_count=3,
        velocity_trend_data=[
            sprint(1, completed_outside=3, completed_arrived=2),
            sprint(2, completed_outside=0, completed_arrived=0),
            sprint(3),
        ],
        average_velocity=6.0,
        trend=None,
        velocity_trend=None,
        velocity_analysis="",
        reasons={},
    )
    past = past_sprints(velocity)
    assert [(one.completed_tasks, one.completed_arrived) for one in past] == [
        (8, 2),
        (5, 0),
        (5, None),
    ]
