"""Other numbers for a decision, as a person or a program asks for them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from domain_services.kernel.types import Wire
from graphs.thresholds import CERTAINTIES
from memory.episode import ModeName


def _a_certainty(value: int) -> int:
    if value not in CERTAINTIES:
        raise ValueError(f"must be one of {', '.join(map(str, CERTAINTIES))}")
    return value


class Changes(Wire):
    """Numbers in place of a run's own; null: the run's."""

    decision_mode: ModeName | None = None
    """Name of the decision mode."""
    confidence_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool | None = None
    """Whether evidence may change the number of tasks."""
    certainty: Annotated[int, AfterValidator(_a_certainty)] | None = None
    """Percent of the sprints that are to complete their plan."""
    max_tasks: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Limit of the caller in tasks a sprint."""
    weeks: Annotated[int, Field(ge=1, le=8)] | None = None
    """Weeks of a new sprint."""
    away: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Person-days of the window on which people are away beyond what was known."""
