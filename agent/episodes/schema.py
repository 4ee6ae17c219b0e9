"""Wire types of the memory room: episodes, their versions, who recalled them, their effect."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints, model_validator

from domain_services.chronicle.schema import DecisionEffect
from domain_services.events import ProgressSource
from domain_services.kernel.types import Answer, Count, Storable, Wire
from memory.decision import DecisionSource
from memory.episode import Days, Origin, Outcome, Perception
from memory.episode_answers import EpisodeUse, EpisodeVersion

MOST_REASON_CHARACTERS = 500
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_REASON_CHARACTERS),
    Storable,
]


class EpisodeSummary(Answer):
    """A remembered decision; `GET /memory/episodes/{episode_id}` has the rest."""

    episode_id: UUID
    """Id of the episode; of a decision here the id of its run."""
    project_id: str
    """Id of the project."""
    origin: Origin
    """`run` for a decision here, `import` for a past sprint of an imported file."""
    decided_at: datetime
    """Time of the decision; for an import the first day of the window."""
    agent_version: str
    """Version of the program that decided; name of the importer for an import."""
    decision_source: DecisionSource
    """`intelligence_enhanced` when evidence changed a number."""
    sprint_id: str | None
    """The sprint that it began; null when it began none."""
    day: date
    """The project's day of the decision."""
    perception: Perception | None
    """The project's state at the time; null for a forgotten episode."""
    text: str | None
    """Begin of its reasons; null for a forgotten episode."""
    outcome: Outcome | None
    """How the sprint ended, by the newest version; null while that is not known."""
    completed_outside: int | None
    """Tasks of the project finished in the sprint's days outside it; null when not known."""
    progress_source: ProgressSource | None
    """Origin of the sprint's progress; null while that is not known."""
    worked: bool | None
    """False when the sprint says nothing of the team; null while that is not known."""
    simulated: bool | None
    """True when the sprint's progress was simulated; null while that is not known."""
    known_on: date | None
    """Day from which decisions may recall it; null while its sprint has not ended."""
    recallable: bool
    """True when decisions may recall it."""
    quality: float
    """Completeness of its record, 0..1; 0 for a forgotten episode."""
    effect: DecisionEffect | None
    """Whether the decision acted; null for an import."""
    cancelled_at: datetime | None
    """Time at which its sprint was cancelled; null when it was not."""
    embedding_model: str | None
    """Model of its embedding; null without one."""
    version: int
    """1, and one more with each correction."""
    forgotten_at: datetime | None
    """Time at which it was forgotten; null when it was not."""
    forgotten_by: str | None
    """Name of the API key; null as above."""


class EpisodePage(Answer):
    """A page of episodes, newest decision first."""

    episodes: list[EpisodeSummary]
    """Episodes of the page."""
    next_cursor: str | None
    """Value of `cursor` for the next page; null on the last."""


class EpisodeDetails(Answer):
    """One episode with its documents and its versions."""

    episode: EpisodeSummary
    """The episode as it holds now."""
    reasoning: dict[str, JsonValue]
    """Its reasons; empty for a forgotten episode."""
    action: dict[str, JsonValue]
    """What was decided and done; empty for a forgotten episode."""
    versions: list[EpisodeVersion]
    """Versions, newest first; empty when nobody corrected it."""


class EpisodeUses(Answer):
    """Decisions that recalled an episode, newest first."""

    episode_id: UUID
    """Id of the episode."""
    uses: list[EpisodeUse]
    """Decisions of the page."""
    next_before: UUID | None
    """Value of `before` for the next page; null on the last."""


class Recalled(Answer):
    """An episode that a decision recalled, and how it stands now."""

    episode_id: UUID
    """Id of the episode."""
    project_id: str
    """Its project."""
    sprint_id: str | None
    """Its sprint; null when it began none."""
    rank: int
    """Place among the recalled episodes, 1 is the nearest."""
    similarity: float
    """Blend of the two similarities below, 0..1."""
    structured_similarity: float
    """Of the numbers of the two states."""
    text_similarity: float | None
    """Of the texts of the two states; null without an embedding of the query's model."""
    found_by: Literal["structured", "text", "both"]
    """The search that had it among its nearest."""
    outcome: Outcome | None
    """Outcome that the decision saw; null once the episode is forgotten."""
    version: int | None
    """Newest version; null for an episode that is not stored any more."""
    forgotten: bool
    """True for an episode that was forgotten since."""
    words: str
    """Why it was recalled, in a sentence."""


class RecalledEpisodes(Answer):
    """Episodes that a decision recalled, nearest first."""

    run_id: UUID
    """Id of the run."""
    searched: int | None
    """Episodes that were compared; null where the run's steps are not kept."""
    recalled: list[Recalled]
    """The recalled episodes."""


class EffectOnDecision(Answer):
    """A decision that recalled an episode, and its number without it."""

    run_id: UUID
    """Id of the run."""
    project_id: str
    """Project that was decided about."""
    day: date
    """The project's day of the decision."""
    tasks: int | None
    """Tasks that it planned, decided again from its inputs; null when it planned no sprint."""
    tasks_without: int | None
    """The same without the episode; null as above."""
    change: Literal["same", "changed", "nothing", "unknown"]
    """`nothing`: without it no call is planned; `unknown`: its inputs are not kept."""


class EpisodeEffect(Answer):
    """Effect of forgetting an episode on the newest decisions that recalled it."""

    episode_id: UUID
    """Id of the episode."""
    version: int
    """Its version, the `base` of forgetting it."""
    decisions: list[EffectOnDecision]
    """The newest decisions that recalled it, at most 20."""
    words: str
    """The effect in a sentence."""


class EpisodeCorrection(Wire):
    """Correction of an episode's outcome, as a new version; absent numbers stay as they are."""

    base: Annotated[int, Field(strict=True, ge=1)]
    """Version that was read; another one by now is refused."""
    completed_tasks: Count | None = None
    """Tasks completed in the sprint."""
    planned_tasks: Count | None = None
    """Tasks that entered the sprint."""
    duration_days: Days | None = None
    """Calendar days of the sprint."""
    worked: Annotated[bool, Field(strict=True)] | None = None
    """False when the sprint says nothing of the team: nothing recalls it or learns from it."""
    reason: Reason
    """Why, in words; it is audited."""

    @model_validator(mode="after")
    def _changes_something(self) -> "EpisodeCorrection":
        if not self.model_dump(exclude_none=True, exclude={"base", "reason"}):
            raise ValueError("names nothing to correct; name at least one number, or worked")
        return self


class EpisodeForgetting(Wire):
    """Request to forget an episode."""

    base: Annotated[int, Field(strict=True, ge=1)]
    """Version that was read; another one by now is refused."""
    reason: Reason
    """Why, in words; it is audited."""
