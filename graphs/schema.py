"""Schemas of the decision graph: what a person may ask and set, and the answer.

Development tools draw their forms from them. Open clients are no part of a schema: the nodes get
theirs as `Deps` (docs/adr/0152-langgraph-conventions.md).
"""

from typing import Annotated, Literal, Required

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

# Pydantic refuses the TypedDict of `typing` below Python 3.12.
from typing_extensions import TypedDict

from domain_services.kernel.types import ProjectId, TaskId
from graphs.answer import Orchestration
from graphs.state import Order
from memory.episode import ModeName
from tools.cron_dialect import MAX_SCHEDULE_CHARACTERS

MOST_TASKS = 500  # of a sprint that is decided

# A misspelt name is refused: a look without it would answer another question.
_DOCUMENTED = ConfigDict(use_attribute_docstrings=True, extra="forbid")


class Options(TypedDict, total=False):
    """Options of a look, within the limits of a request; what is left out has its default."""

    __pydantic_config__ = _DOCUMENTED  # pyright: ignore[reportGeneralTypeIssues] - read by pydantic

    create_sprint_if_needed: bool
    """False creates no sprint; default: true."""
    create_cronjob: bool
    """False schedules no daily scrum; default: true."""
    schedule: Annotated[str | None, Field(max_length=MAX_SCHEDULE_CHARACTERS)]
    """Five cron fields of the daily scrum; null: a job keeps its own, or gets the default."""
    sprint_duration_weeks: Annotated[int, Field(ge=1, le=8)]
    """Weeks of a new sprint, 1 to 8; default: 2."""
    max_tasks: Annotated[int | None, Field(ge=1, le=MOST_TASKS)]
    """Most tasks of a sprint; null: no limit of the caller's."""
    assign_tasks: bool
    """False assigns no task, and creates no sprint; default: true."""
    task_ids: Annotated[tuple[TaskId, ...] | None, Field(min_length=1, max_length=MOST_TASKS)]
    """Tasks that the sprint may have; null: all free tasks."""


class Ask(TypedDict, total=False):
    """Question to the graph."""

    __pydantic_config__ = _DOCUMENTED  # pyright: ignore[reportGeneralTypeIssues] - read by pydantic

    project_id: Required[ProjectId]
    """Id of the project, such as P1."""
    options: Options
    """Options of the decision; left out: a sprint of two weeks is created if one is needed."""
    # The orchestrator hands over both, made from a request and from the project's mode.
    order: SkipJsonSchema[Order]
    """Options together with the decision mode."""
    run_id: SkipJsonSchema[str]
    """Id of the run as text."""


class Answer(TypedDict):
    """Answer of the graph."""

    __pydantic_config__ = _DOCUMENTED  # pyright: ignore[reportGeneralTypeIssues] - as above

    response: Orchestration
    """The decision with its reasons, its calls and the evidence."""


class Context(TypedDict, total=False):
    """Settings of a look; what is left out is the project's own."""

    __pydantic_config__ = _DOCUMENTED  # pyright: ignore[reportGeneralTypeIssues] - as above

    decision_mode: ModeName
    """Limits of evidence: `rule_based_only`, `intelligence_enhanced` or `shadow`."""
    confidence_threshold: Annotated[float, Field(ge=0, le=1)]
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    """True when evidence may change the number of tasks."""
    enable_sprint_duration_adjustment: bool
    """True when evidence may change the length of a sprint."""
    certainty: Literal[50, 60, 70, 85]
    """Percent of the sprints that are to complete their plan."""
