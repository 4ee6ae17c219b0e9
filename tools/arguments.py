"""Argument types of the tools, each described for people and for models.

Ids are checked here: a client writes them into addresses, and a model may invent any text.
"""

import inspect
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, get_type_hints
from uuid import UUID

from langchain_core.tools import InjectedToolArg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from domain_services.kernel import types
from domain_services.sprint import schema as sprint

MOST_TASKS = 1000  # of a sprint, as the sprint service has it
_NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"

ProjectId = Annotated[
    types.ProjectId, Field(description="id of the project, e.g. NEX-001; list_projects has them")
]
SprintId = Annotated[
    types.SprintId, Field(description="id of the sprint, e.g. NEX-001-S07; list_sprints has them")
]
TaskId = Annotated[
    types.TaskId,
    Field(description="id of the task, e.g. NEX-001-TASK042; list_unassigned_tasks has them"),
]
RunId = Annotated[
    UUID,
    Field(
        description="id of the run, e.g. 0198c5f2-7d1e-7a30-9b51-3f4f6c1d2e8a; list_runs has them"
    ),
]


def _distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("names a task twice")
    return ids


TaskIds = Annotated[
    list[types.TaskId],
    AfterValidator(_distinct),
    Field(
        min_length=1,
        max_length=MOST_TASKS,
        description='exactly these tasks enter the sprint, e.g. ["NEX-001-TASK042"]',
    ),
]
Weeks = Annotated[int, Field(ge=1, le=8, description="length of the sprint in weeks, 1 to 8")]
FirstDay = Annotated[
    date, sprint.FIRST_DAYS, Field(description="first day of the sprint, e.g. 2026-03-02")
]
Reason = Annotated[
    Annotated[str, types.Storable] | None,
    Field(max_length=1000, description="why, in one sentence for the team; null: not stated"),
]
CronJobName = Annotated[
    str,
    StringConstraints(pattern=_NAME),
    Field(
        description="name of the schedule, e.g. run-dailyscrum-nex-001-s07; list_cronjobs has it"
    ),
]
Schedule = Annotated[
    str, Field(max_length=200, description="five-field cron expression, e.g. 0 14 * * 1-5")
]
Timezone = Annotated[
    str, Field(max_length=64, description="IANA time zone of the schedule, e.g. Europe/Berlin")
]
StartsOn = Annotated[
    date | None,
    Field(description="first day of the sprint, e.g. 2026-03-02; nothing fires before; null: none"),
]
EndsOn = Annotated[
    date, Field(description="last day of the sprint, e.g. 2026-03-15; nothing fires after it")
]
Limit = Annotated[int, Field(ge=1, le=100, description="most entries of the answer, 1 to 100")]
Offset = Annotated[
    int,
    Field(ge=0, le=1_000_000, description="entries to leave out first, e.g. 20 for a next page"),
]
Part = Annotated[
    str | None,
    Field(
        max_length=300,
        description="part of a long answer to read on, as its `shortened` names it, e.g. tasks;"
        " null: the answer as a whole",
    ),
]
PartOffset = Annotated[
    int, Field(ge=0, le=1_000_000, description="entries or characters of the part to leave out")
]
Ready = Annotated[
    bool | None,
    Field(description="true: only tasks whose dependencies are completed; false: the others"),
]

Key = Annotated[str | None, InjectedToolArg]
"""Idempotency key: the same key never acts twice. The guard makes it; no model sees it."""


def arguments_of(function: Callable[..., Any], *, with_injected: bool) -> type[BaseModel]:
    """Make the argument model of a tool from its signature; unknown arguments are refused.

    `with_injected` keeps the arguments that no model may give.
    """
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        name: (
            hints[name],
            ... if parameter.default is inspect.Parameter.empty else parameter.default,
        )
        for name, parameter in inspect.signature(function).parameters.items()
        if with_injected or not is_injected(hints[name])
    }
    # A misspelt argument of an acting tool must not be dropped in silence.
    return create_model(
        "".join(word.capitalize() for word in function.__name__.split("_")),
        __config__=ConfigDict(extra="forbid", frozen=True),
        __doc__=inspect.getdoc(function),
        **fields,
    )


def is_injected(hint: Any) -> bool:
    """Check that an argument is given by the program and hidden from a model."""
    return InjectedToolArg in getattr(hint, "__metadata__", ())
