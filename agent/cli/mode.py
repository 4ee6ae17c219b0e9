"""`dsm mode`: a project's decision mode, and what each certainty means for its plans."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from agent.intelligence.forecast_schema import PlanOfCertainty, ProjectForecast
    from agent.schema import DecisionMode, DecisionModeChange

ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]
ModeOption = Annotated[
    str | None,
    typer.Option("--mode", help="rule_based_only, intelligence_enhanced or shadow."),
]
Certainty = Annotated[
    int | None,
    typer.Option(help="Percent of the sprints that complete their plan: 50, 60, 70 or 85."),
]
Threshold = Annotated[
    float | None,
    typer.Option(help="Least confidence that following evidence pays, 0 to 1."),
]

MEANINGS = {
    "rule_based_only": "evidence is recorded and never followed",
    "intelligence_enhanced": "evidence is followed where following it pays",
    "shadow": "decisions are recorded and nothing is carried out (better: dsm autonomy observe)",
}


def mode(
    project: ProjectArgument,
    mode: ModeOption = None,
    certainty: Certainty = None,
    threshold: Threshold = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show the decision mode of PROJECT and the plan of each certainty, or change the mode."""
    from agent.cli.failures import one_line
    from agent.cli.layout import page_console

    with one_line():
        change = mode_change(mode, certainty, threshold)
        current, forecast = asyncio.run(_request(target, project.upper(), change))
    if as_json:
        plans = [plan.model_dump(mode="json") for plan in forecast.plans or ()]
        print(json.dumps(current.model_dump(mode="json") | {"plans": plans}, indent=2))
    else:
        page_console().print(page(current, forecast))


def mode_change(
    mode: str | None, certainty: int | None, threshold: float | None
) -> "DecisionModeChange | None":
    """Make the change that options name; None without one. Raises: `Invalid` in words."""
    from agent.schema import Certainty, DecisionModeChange
    from domain_services.kernel.errors import Invalid

    certainties = get_args(Certainty)
    if mode is not None and mode not in MEANINGS:
        raise Invalid(f"{mode} is no mode: name one of {', '.join(MEANINGS)}")
    if certainty is not None and certainty not in certainties:
        raise Invalid(
            f"a certainty of {certainty} is not offered: name {_listed(certainties)}, the percent"
            " of the sprints that are to complete their plan"
        )
    # Not a number is no share either.
    if threshold is not None and not 0 <= threshold <= 1:
        raise Invalid(f"a threshold of {threshold} is no probability: name one from 0 to 1")
    values = {"mode": mode, "certainty": certainty, "confidence_threshold": threshold}
    named = {name: value for name, value in values.items() if value is not None}
    return DecisionModeChange.model_validate(named) if named else None


async def _request(
    target: Target, project: str, change: "DecisionModeChange | None"
) -> "tuple[DecisionMode, ProjectForecast]":
    from agent.cli.connect import connect
    from agent.cli.forecast import request_forecast

    async with connect(target) as clients:
        client = clients.orchestrator
        if change is None:
            current = await client.get_decision_mode(project)
        else:
            current = await client.change_decision_mode(project, change)
    return current, await request_forecast(target, project, sprints=1, tasks=None, weeks=None)


def page(current: "DecisionMode", forecast: "ProjectForecast") -> "RenderableType":
    """Lay out the mode, and the plan of the first sprint at each certainty."""
    from rich.console import Group
    from rich.text import Text

    from agent.cli.layout import name_value_rows, plain_text, section

    title = f"{current.project_id}: {current.mode}, {MEANINGS[current.mode]}."
    switched_off = [
        name
        for name, enabled in (
            ("number of tasks", current.enable_task_count_adjustment),
            ("length of a sprint", current.enable_sprint_duration_adjustment),
        )
        if not enabled
    ]
    rows = [
        ("threshold", f"{current.confidence_threshold:.2f} confidence that following it pays"),
        ("certainty", f"{current.certainty} of 100 sprints are to complete their plan"),
        ("version", f"{current.version or 'that of the settings'}"),
    ]
    rows += [("not adjusted", name) for name in switched_off]
    plans: list[RenderableType] = [plain_text(forecast.begins)]
    if forecast.plans:
        plans.append(_plan_table(forecast.plans))
    else:
        plans.append(plain_text(forecast.reasons["plans"]))
    return Group(
        Text(title, style="bold"),
        *section("Decisions", [name_value_rows(rows)]),
        *section("Plan by certainty", plans),
    )


def _plan_table(plans: "list[PlanOfCertainty]") -> "Table":
    from agent.cli.layout import name_value_rows

    return name_value_rows(
        (f"{plan.certainty}%", f"{sentence(plan)}{' <- in force' if plan.in_force else ''}")
        for plan in plans
    )


def sentence(plan: "PlanOfCertainty") -> str:
    """Describe the plan of one certainty, and how sure it is."""
    from agent.cli.words import count

    which = "" if plan.tasks == 1 else "all of them "
    return f"{count(plan.tasks, 'task')}, {which}done with {plan.all_done:.0%}"


def _listed(certainties: tuple[int, ...]) -> str:
    *others, last = map(str, certainties)
    return f"{', '.join(others)} or {last}"
