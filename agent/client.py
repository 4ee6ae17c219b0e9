"""Typed client of the orchestrator, with one method for each route."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from agent import run_schema, schema
from agent.audits.schema import AuditVerification
from agent.autonomy import schema as autonomy_schema
from agent.chat import schema as chat_schema
from agent.clock.schema import ClockMoved, ClockMoveRequest
from agent.decision_schema import RunDecision
from agent.episodes.client import EpisodesClient
from agent.imports.client import ImportsClient
from agent.intelligence import schema as intelligence
from agent.intelligence.forecast_schema import ProjectForecast
from agent.learning import schema as learning_schema
from agent.plan_schema import CallRequest, PlanOutcome, UndoRequest
from agent.replay import schema as replay_schema
from agent.schedules import schema as schedules
from domain_services.kernel.client.streaming import StreamingClient
from domain_services.kernel.types import Liveness
from graphs.answer import Orchestration

# A decision whose dependencies all wait to their limits, with its calls.
ORCHESTRATE_SECONDS = 30.0
# Eight weeks with a daily scrum each day.
MOVE_CLOCK_SECONDS = 60.0
# Longer than the installation's own work takes, and shorter than a cluster's Job may.
FIRING_SECONDS = 540.0
# Learning, or a batch of embeddings by a slow model.
WORK_SECONDS = 60.0
# Chains of years are hashed anew, and compared with every run.
VERIFY_SECONDS = 120.0
# Longer than the longest work that the settings allow on one message.
CHAT_SECONDS = 620.0
CHAT = "/agent/chat"
INTELLIGENCE = "/orchestrate/intelligence"


class OrchestratorClient(EpisodesClient, ImportsClient, StreamingClient):
    """Client of the orchestrator; every method raises the problems of `ServiceClient`."""

    peer = "orchestrator"
    answer_codes = frozenset({"chat_unavailable"})

    async def health(self) -> Liveness:
        return await self._call("GET", "/health", Liveness)

    async def caller(self) -> schema.Caller:
        """Read name and role of the key that this client sends."""
        return await self._call("GET", "/caller", schema.Caller)

    async def orchestrate(
        self, project_id: str, body: schema.OrchestrationRequest
    ) -> Orchestration:
        path = f"/orchestrate/project/{project_id}"
        return await self._call("POST", path, Orchestration, body=body, timeout=ORCHESTRATE_SECONDS)

    async def preview(self, project_id: str) -> Orchestration:
        """Decide without acting and without leaving anything behind."""
        path = f"/orchestrate/project/{project_id}/preview"
        return await self._call("GET", path, Orchestration, timeout=ORCHESTRATE_SECONDS)

    async def status(self, project_id: str) -> schema.ProjectStatus:
        path = f"/orchestrate/project/{project_id}/status"
        return await self._call("GET", path, schema.ProjectStatus)

    async def runs(
        self,
        project_id: str | None = None,
        status: str | Sequence[str] | None = None,
        before: UUID | None = None,
        limit: int = 50,
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> run_schema.RunPage:
        params = {
            "project_id": project_id,
            "status": status,
            "kind": kind,
            "since": since,
            "until": until,
            "before": before,
            "limit": limit,
        }
        return await self._call("GET", "/runs", run_schema.RunPage, params=params)

    async def run(self, run_id: UUID) -> run_schema.RunDetails:
        """Read one run. Raises: `PeerRefused` (404) for an unknown id."""
        return await self._call("GET", f"/runs/{run_id}", run_schema.RunDetails)

    async def decide(
        self, run_id: UUID, body: RunDecision, *, key: str | None = None
    ) -> Orchestration:
        """Answer the plan of a run that waits; an approved plan is carried out at once."""
        path = f"/runs/{run_id}/decision"
        return await self._call(
            "POST", path, Orchestration, body=body, key=key, timeout=ORCHESTRATE_SECONDS
        )

    async def run_inputs(
        self,
        project_id: str | None = None,
        since: datetime | None = None,
        before: UUID | None = None,
        limit: int = 50,
    ) -> replay_schema.RunInputsPage:
        params = {"project_id": project_id, "since": since, "before": before, "limit": limit}
        return await self._call("GET", "/runs/inputs", replay_schema.RunInputsPage, params=params)

    async def inputs_of_run(self, run_id: UUID) -> replay_schema.RunInputs:
        """Read the inputs of one run. Raises: `PeerRefused` (404) where none are stored."""
        return await self._call("GET", f"/runs/{run_id}/inputs", replay_schema.RunInputs)

    async def what_if(
        self, run_id: UUID, body: replay_schema.WhatIfRequest
    ) -> replay_schema.WhatIfAnswer:
        """Ask for a past decision by other numbers. Raises: as `inputs_of_run`."""
        path = f"/runs/{run_id}/what-if"
        return await self._call("POST", path, replay_schema.WhatIfAnswer, body=body)

    async def undo(self, run_id: UUID, body: UndoRequest | None = None) -> PlanOutcome:
        """Ask to take a run back. Raises: `PeerRefused` (409) when nothing can be."""
        return await self._call("POST", f"/runs/{run_id}/undo", PlanOutcome, body=body)

    async def ask_for_call(self, body: CallRequest, key: str | None = None) -> PlanOutcome:
        """Ask for one call, which waits for a person; the same `key` asks once."""
        return await self._call("POST", "/runs/requests", PlanOutcome, body=body, key=key)

    async def decide_plan(self, run_id: UUID, body: RunDecision) -> PlanOutcome:
        """Answer a waiting run of kind `undo` or `request`, and carry out what is approved."""
        path = f"/runs/{run_id}/decision"
        return await self._call("POST", path, PlanOutcome, body=body, timeout=ORCHESTRATE_SECONDS)

    async def move_clock(self, project_id: str, body: ClockMoveRequest) -> ClockMoved:
        path = f"/orchestrate/project/{project_id}/clock"
        return await self._call("POST", path, ClockMoved, body=body, timeout=MOVE_CLOCK_SECONDS)

    async def delete_cronjob(self, project_id: str, cronjob_name: str) -> schema.CronJobDeleted:
        path = f"/orchestrate/project/{project_id}/cronjob/{cronjob_name}"
        return await self._call("DELETE", path, schema.CronJobDeleted)

    async def list_schedules(self, project_id: str) -> list[schedules.ScheduledJob]:
        path = f"/orchestrate/project/{project_id}/schedules"
        return await self._call("GET", path, list[schedules.ScheduledJob])

    async def add_schedule(
        self, project_id: str, body: schedules.ScheduleCreate
    ) -> schedules.ScheduledJob:
        path = f"/orchestrate/project/{project_id}/schedules"
        return await self._call("POST", path, schedules.ScheduledJob, body=body)

    async def get_schedule(self, project_id: str, name: str) -> schedules.ScheduledJob:
        path = f"/orchestrate/project/{project_id}/schedules/{name}"
        return await self._call("GET", path, schedules.ScheduledJob)

    async def change_schedule(
        self, project_id: str, name: str, body: schedules.ScheduleChange
    ) -> schedules.ScheduledJob:
        path = f"/orchestrate/project/{project_id}/schedules/{name}"
        return await self._call("PATCH", path, schedules.ScheduledJob, body=body)

    async def delete_schedule(self, project_id: str, name: str) -> schedules.ScheduleDeleted:
        path = f"/orchestrate/project/{project_id}/schedules/{name}"
        return await self._call("DELETE", path, schedules.ScheduleDeleted)

    async def list_all_schedules(self) -> list[schedules.ScheduledJob]:
        return await self._call("GET", "/orchestrate/schedules", list[schedules.ScheduledJob])

    async def find_schedule(self, name: str) -> schedules.ScheduledJob:
        """Read one schedule. Raises: `PeerRefused` (404) for an unknown name."""
        return await self._call("GET", f"/orchestrate/schedules/{name}", schedules.ScheduledJob)

    async def fire_schedule(
        self, name: str, body: schedules.ScheduleFiring
    ) -> schedules.ScheduleFired:
        path = f"/orchestrate/schedules/{name}/firings"
        return await self._call(
            "POST", path, schedules.ScheduleFired, body=body, timeout=FIRING_SECONDS
        )

    async def change_installation_schedule(
        self, name: str, body: schedules.ScheduleChange
    ) -> schedules.ScheduledJob:
        path = f"/orchestrate/schedules/{name}"
        return await self._call("PATCH", path, schedules.ScheduledJob, body=body)

    async def get_decision_mode(self, project_id: str) -> schema.DecisionMode:
        path = f"/orchestrate/project/{project_id}/decision-mode"
        return await self._call("GET", path, schema.DecisionMode)

    async def change_decision_mode(
        self, project_id: str, body: schema.DecisionModeChange
    ) -> schema.DecisionMode:
        path = f"/orchestrate/project/{project_id}/decision-mode"
        return await self._call("POST", path, schema.DecisionMode, body=body)

    async def get_autonomy(self, project_id: str) -> autonomy_schema.Autonomy:
        path = f"/orchestrate/project/{project_id}/autonomy"
        return await self._call("GET", path, autonomy_schema.Autonomy)

    async def change_autonomy(
        self, project_id: str, body: autonomy_schema.AutonomyChange
    ) -> autonomy_schema.Autonomy:
        path = f"/orchestrate/project/{project_id}/autonomy"
        return await self._call("POST", path, autonomy_schema.Autonomy, body=body)

    async def pauses(self) -> autonomy_schema.Pauses:
        return await self._call("GET", "/orchestrate/pause", autonomy_schema.Pauses)

    async def pause(self, body: autonomy_schema.PauseRequest) -> autonomy_schema.Pause:
        return await self._call("POST", "/orchestrate/pause", autonomy_schema.Pause, body=body)

    async def end_pause(self, project_id: str | None = None) -> autonomy_schema.PauseEnded:
        """End the pause of a project; None: that of all. Raises: `PeerRefused` (404) without."""
        params = {"project_id": project_id}
        return await self._call(
            "DELETE", "/orchestrate/pause", autonomy_schema.PauseEnded, params=params
        )

    async def data_quality(self, project_id: str) -> intelligence.DataQuality:
        path = f"{INTELLIGENCE}/data-quality/{project_id}"
        return await self._call("GET", path, intelligence.DataQuality)

    async def decision_impact(self, project_id: str) -> intelligence.DecisionImpact:
        path = f"{INTELLIGENCE}/decision-impact/{project_id}"
        return await self._call("GET", path, intelligence.DecisionImpact)

    async def decision_audit(self, project_id: str) -> intelligence.DecisionAuditTrail:
        path = f"{INTELLIGENCE}/decision-audit/{project_id}"
        return await self._call("GET", path, intelligence.DecisionAuditTrail)

    async def verify_audits(
        self, project_id: str | None = None, noted_head: str | None = None
    ) -> AuditVerification:
        """Verify the chains, and compare the audits with the runs."""
        path = "/orchestrate/audits/verification"
        params = {"project_id": project_id, "noted_head": noted_head}
        return await self._call(
            "GET", path, AuditVerification, params=params, timeout=VERIFY_SECONDS
        )

    async def similar_projects(
        self, project_id: str, similarity_threshold: float = 0.7
    ) -> intelligence.SimilarProjectsAnalysis:
        path = f"{INTELLIGENCE}/patterns/similar-projects/{project_id}"
        params = {"similarity_threshold": similarity_threshold}
        return await self._call("GET", path, intelligence.SimilarProjectsAnalysis, params=params)

    async def velocity_trends(self, project_id: str) -> intelligence.VelocityTrends:
        path = f"{INTELLIGENCE}/patterns/velocity-trends/{project_id}"
        return await self._call("GET", path, intelligence.VelocityTrends)

    async def insights(self, project_id: str) -> intelligence.ProjectInsights:
        path = f"{INTELLIGENCE}/project/{project_id}/insights"
        return await self._call("GET", path, intelligence.ProjectInsights)

    async def similar_episodes(
        self, project_id: str, *, limit: int = 15
    ) -> intelligence.SimilarEpisodes:
        """Find past decisions in a state like the project's present one."""
        path = f"{INTELLIGENCE}/project/{project_id}/similar-episodes"
        params = {"limit": limit}
        return await self._call("GET", path, intelligence.SimilarEpisodes, params=params)

    async def forecast(
        self, project_id: str, *, sprints: int = 3, tasks: int | None = None, weeks: int = 2
    ) -> ProjectForecast:
        path = f"{INTELLIGENCE}/project/{project_id}/forecast"
        params = {"sprints": sprints, "tasks": tasks, "weeks": weeks}
        return await self._call("GET", path, ProjectForecast, params=params)

    async def models_health(self) -> intelligence.ModelsHealth:
        """Read the health of the models. Raises: `Unavailable` when intelligence is degraded."""
        return await self._call("GET", f"{INTELLIGENCE}/models/health", intelligence.ModelsHealth)

    async def learning(self) -> learning_schema.LearningHistory:
        return await self._call("GET", f"{INTELLIGENCE}/learning", learning_schema.LearningHistory)

    async def learn(self) -> learning_schema.Learned:
        path = f"{INTELLIGENCE}/learn"
        return await self._call("POST", path, learning_schema.Learned, timeout=WORK_SECONDS)

    async def roll_back(self, body: learning_schema.Rollback) -> learning_schema.LearningHistory:
        path = f"{INTELLIGENCE}/learn/rollback"
        return await self._call("POST", path, learning_schema.LearningHistory, body=body)

    async def import_episodes(self, body: schema.EpisodeImport) -> schema.EpisodesImported:
        return await self._call("POST", "/memory/episodes", schema.EpisodesImported, body=body)

    async def replace_imported_episodes(
        self, project_id: str, body: schema.ImportedEpisodes
    ) -> schema.ImportedEpisodesReplaced:
        path = f"/memory/episodes/imported/{project_id}"
        return await self._call("PUT", path, schema.ImportedEpisodesReplaced, body=body)

    async def backfill(self, body: schema.BackfillRequest) -> schema.BackfillProgress:
        return await self._call(
            "POST", "/memory/backfill", schema.BackfillProgress, body=body, timeout=WORK_SECONDS
        )

    async def embedding_backlog(self) -> schema.EmbeddingBacklog:
        return await self._call("GET", "/memory/backlog", schema.EmbeddingBacklog)

    async def chat(self, body: chat_schema.ChatRequest) -> chat_schema.ChatAnswer:
        """Answer a message; `watch_chat` gives its text as it is written."""
        return await self._call(
            "POST", CHAT, chat_schema.ChatAnswer, body=body, timeout=CHAT_SECONDS
        )

    async def chat_threads(self) -> chat_schema.ChatThreads:
        return await self._call("GET", f"{CHAT}/threads", chat_schema.ChatThreads)

    async def chat_history(self, thread_id: UUID) -> chat_schema.ChatHistory:
        """Read a conversation. Raises: `PeerRefused` (404) for one of another key."""
        return await self._call("GET", f"{CHAT}/threads/{thread_id}", chat_schema.ChatHistory)
