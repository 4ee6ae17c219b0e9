"""Tools over the orchestrator: read runs, explain decisions, forecast, and look ahead."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from memory.run import Status
from tools.answers import Answer, bounded, clean, listing
from tools.arguments import Limit, ProjectId, RunId, Weeks
from tools.explanation import explain_answer, explain_record
from tools.ports import OrchestratorReads
from tools.tool import Function

RunStatus = Annotated[
    Status | None,
    Field(description="only runs of this status, e.g. waiting for an approval; null: all"),
]
Before = Annotated[
    UUID | None,
    Field(description="last run id of the page before, e.g. its next_before; null: the newest"),
]
AnyProject = Annotated[
    ProjectId | None, Field(description="id of the project, e.g. NEX-001; null: all")
]
Sprints = Annotated[int, Field(ge=1, le=26, description="sprints ahead, 1 to 26")]
Tasks = Annotated[
    int | None,
    Field(ge=1, le=10_000, description="tasks to be done, e.g. 40; null: all that are open"),
]

# Long parts of a run that explain_decision gives in short, or that no model needs.
_LONG = ("answer", "decision", "steps", "inputs")


def run_reads(orchestrator: OrchestratorReads) -> tuple[Function, ...]:
    """Make list_runs, get_run and explain_decision."""

    async def list_runs(
        project_id: AnyProject = None,
        status: RunStatus = None,
        before: Before = None,
        limit: Limit = 10,
    ) -> Answer:
        """List the runs of decisions, newest first, with status and what each has done."""
        page = await orchestrator.runs(project_id, status, before, limit)
        document = page.model_dump(mode="json", exclude_none=True)
        rows: list[Any] = document["runs"]
        answer = listing("runs", rows, more="next_before" in document)
        shown: list[Any] = answer["runs"]
        if shown and (len(shown) < len(rows) or "next_before" in document):
            answer["next"] = f"ask for more with before={shown[-1]['run_id']}"
        return answer

    async def get_run(run_id: RunId) -> Answer:
        """Read one run: status, request, planned calls, what was done, and a waiting approval."""
        document = (await orchestrator.run(run_id)).model_dump(mode="json")
        answer: dict[str, Any] = document.get("answer") or {}
        decision: dict[str, Any] = document.get("decision") or {}
        shown = {name: value for name, value in document.items() if name not in _LONG}
        shown["actions_planned"] = answer.get("actions_planned") or decision.get("plan") or []
        shown["actions_taken"] = answer.get("actions_taken") or []
        return bounded(shown, ask="explain_decision has the reasons of the decision")

    async def explain_decision(run_id: RunId) -> Answer:
        """Explain a decision: rule, evidence, confidence, gate, chosen tasks, and their reasons."""
        document = (await orchestrator.run(run_id)).model_dump(mode="json")
        head = {name: document.get(name) for name in ("run_id", "project_id", "status", "effect")}
        if document.get("answer"):
            return bounded(head | explain_answer(document["answer"]))
        if document.get("decision"):
            return bounded(head | explain_record(document["decision"]))
        return bounded(
            head | {"detail": "nothing is decided in this run", "cause": document.get("error")}
        )

    return (list_runs, get_run, explain_decision)


def outlook_reads(orchestrator: OrchestratorReads) -> tuple[Function, ...]:
    """Make get_status, get_forecast, preview_decision and find_similar_episodes."""

    async def get_status(project_id: ProjectId) -> Answer:
        """Describe a project now: sprint in progress, backlog, trends, risks, schedules."""
        return bounded(await orchestrator.status(project_id))

    async def get_forecast(
        project_id: ProjectId, sprints: Sprints = 3, tasks: Tasks = None, weeks: Weeks = 2
    ) -> Answer:
        """Forecast the tasks that the next sprints complete, and when a number of tasks is done."""
        forecast = await orchestrator.forecast(
            project_id, sprints=sprints, tasks=tasks, weeks=weeks
        )
        return bounded(forecast, ask="ask for fewer sprints")

    async def preview_decision(project_id: ProjectId) -> Answer:
        """Decide about a project without acting: the plan, its reasons and expected outcome.

        Nothing is changed or stored.
        """
        document = (await orchestrator.preview(project_id)).model_dump(mode="json")
        head = {name: document.get(name) for name in ("project_id", "as_of", "dry_run", "recorded")}
        return bounded(head | explain_answer(document))

    async def find_similar_episodes(project_id: ProjectId, limit: Limit = 5) -> Answer:
        """Find past decisions in a state like the project's present one, with their outcomes."""
        document = (await orchestrator.preview(project_id)).model_dump(mode="json")
        episodes: list[Any] = document["intelligence_metadata"]["similar_episodes"]
        answer = listing("episodes", episodes[:limit], total=len(episodes))
        return answer | {"degraded": clean(document["performance_metrics"]["degraded"])}

    return (get_status, get_forecast, preview_decision, find_similar_episodes)
