"""Tools over the orchestrator: read runs, explain decisions, forecast, and look ahead."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from memory.run import Status
from tools.answers import Answer, listing
from tools.arguments import Limit, Offset, Part, PartOffset, ProjectId, RunId, Weeks
from tools.documents import document
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

MOST_EPISODES = 100  # that the orchestrator finds for a state
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
        runs = page.model_dump(mode="json", exclude_none=True)
        rows: list[Any] = runs["runs"]
        answer = listing("runs", rows, more="next_before" in runs)
        shown: list[Any] = answer["runs"]
        if shown and (len(shown) < len(rows) or "next_before" in runs):
            answer["next"] = f"ask for more with before={shown[-1]['run_id']}"
        return answer

    async def get_run(run_id: RunId, part: Part = None, offset: PartOffset = 0) -> Answer:
        """Read one run: status, request, planned calls, what was done, and a waiting approval."""
        run = (await orchestrator.run(run_id)).model_dump(mode="json")
        answer: dict[str, Any] = run.get("answer") or {}
        decision: dict[str, Any] = run.get("decision") or {}
        shown = {name: value for name, value in run.items() if name not in _LONG}
        shown["actions_planned"] = answer.get("actions_planned") or decision.get("plan") or []
        shown["actions_taken"] = answer.get("actions_taken") or []
        return document(shown, part, offset)

    async def explain_decision(run_id: RunId, part: Part = None, offset: PartOffset = 0) -> Answer:
        """Explain a decision: rule, evidence, confidence, gate, chosen tasks, and their reasons."""
        run = (await orchestrator.run(run_id)).model_dump(mode="json")
        head = {name: run.get(name) for name in ("run_id", "project_id", "status", "effect")}
        if run.get("answer"):
            reasons = explain_answer(run["answer"])
        elif run.get("decision"):
            reasons = explain_record(run["decision"])
        else:
            reasons = {"detail": "nothing is decided in this run", "cause": run.get("error")}
        return document(head | reasons, part, offset)

    return (list_runs, get_run, explain_decision)


def outlook_reads(orchestrator: OrchestratorReads) -> tuple[Function, ...]:
    """Make get_status, get_forecast, preview_decision and find_similar_episodes."""

    async def get_status(
        project_id: ProjectId, part: Part = None, offset: PartOffset = 0
    ) -> Answer:
        """Describe a project now: sprint in progress, backlog, trends, risks, schedules."""
        return document(await orchestrator.status(project_id), part, offset)

    async def get_forecast(
        project_id: ProjectId,
        sprints: Sprints = 3,
        tasks: Tasks = None,
        weeks: Weeks = 2,
        part: Part = None,
        offset: PartOffset = 0,
    ) -> Answer:
        """Forecast the tasks that the next sprints complete, and when a number of tasks is done."""
        forecast = await orchestrator.forecast(
            project_id, sprints=sprints, tasks=tasks, weeks=weeks
        )
        return document(forecast, part, offset)

    async def preview_decision(
        project_id: ProjectId, part: Part = None, offset: PartOffset = 0
    ) -> Answer:
        """Decide about a project without acting: the plan, its reasons and expected outcome.

        Nothing is changed or stored.
        """
        answer = (await orchestrator.preview(project_id)).model_dump(mode="json")
        head = {name: answer.get(name) for name in ("project_id", "as_of", "dry_run", "recorded")}
        return document(head | explain_answer(answer), part, offset)

    async def find_similar_episodes(
        project_id: ProjectId, limit: Limit = 5, offset: Offset = 0
    ) -> Answer:
        """Find past decisions in a state like the project's present one, with their outcomes."""
        most = min(offset + limit + 1, MOST_EPISODES)
        answer = await orchestrator.similar_episodes(project_id, limit=most)
        around = answer.model_dump(mode="json", exclude_none=True)
        episodes: list[Any] = around.pop("episodes")
        page, more = episodes[offset : offset + limit], len(episodes) > offset + limit
        return listing("episodes", page, offset=offset, more=more, **around)

    return (get_status, get_forecast, preview_decision, find_similar_episodes)
