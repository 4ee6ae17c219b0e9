"""Remembered decisions in lines of text."""

from pydantic import JsonValue

from agent.cli.words import count
from agent.episodes import schema
from agent.importing.terminal import printable


def page(answer: schema.EpisodePage) -> list[str]:
    """Describe a page of episodes, one a line."""
    lines = [_line(episode) for episode in answer.episodes] or ["no such episode is remembered"]
    if answer.next_cursor is not None:
        lines.append(f"older ones: the same with --cursor {answer.next_cursor}")
    return lines


def _line(episode: schema.EpisodeSummary) -> str:
    sprint = episode.sprint_id or "no sprint"
    state = _outcome(episode)
    if not episode.recallable and episode.outcome is not None:
        state += ", not recalled"
    corrected = f"  version {episode.version}" if episode.version > 1 else ""
    words = f"{episode.day}  {episode.project_id}  {sprint}  {state}{corrected}"
    return printable(f"{words}  {episode.episode_id}")


def _outcome(episode: schema.EpisodeSummary) -> str:
    if episode.forgotten_at is not None:
        return f"forgotten by {episode.forgotten_by} on {episode.forgotten_at:%Y-%m-%d}"
    outcome = episode.outcome
    if outcome is None and episode.sprint_id is None:
        return "no outcome"
    if outcome is None:
        return "cancelled" if episode.cancelled_at else "no outcome yet"
    planned = "" if outcome.planned_tasks is None else f" of {outcome.planned_tasks}"
    tasks = count(outcome.completed_tasks, "task") if not planned else outcome.completed_tasks
    return f"{tasks}{planned} done in {count(outcome.duration_days, 'day')}"


def details(answer: schema.EpisodeDetails) -> list[str]:
    """Describe one episode with its versions."""
    episode = answer.episode
    lines = [_line(episode), f"decided {episode.decided_at:%Y-%m-%d %H:%M} UTC, {_source(episode)}"]
    if perception := episode.perception:
        lines.append(
            f"state: {count(perception.backlog_tasks, 'open task')},"
            f" {count(perception.past_sprints, 'past sprint')},"
            f" completed {' '.join(map(str, perception.completed[-12:])) or 'unknown'}"
        )
    if episode.text:
        lines.append(f"reasons: {' '.join(episode.text.split())}")
    for version in answer.versions:
        numbers = _numbers(version.outcome)
        author = f" by {version.changed_by}: {version.reason}" if version.changed_by else ""
        lines.append(f"version {version.version}, {version.changed_at:%Y-%m-%d}{author}")
        lines.append(f"    {numbers}")
    return [printable(line) for line in lines]


def _numbers(outcome: dict[str, JsonValue]) -> str:
    planned = outcome.get("planned_tasks")
    words = f"{outcome.get('completed_tasks')} of {'unknown' if planned is None else planned} tasks"
    worked = ", says nothing of the team" if outcome.get("worked") is False else ""
    return f"{words} done in {outcome.get('duration_days')} days{worked}"


def _source(episode: schema.EpisodeSummary) -> str:
    if episode.origin == "import":
        return f"imported by {episode.agent_version}"
    return f"{episode.decision_source}, {episode.effect}, run {episode.episode_id}"


def uses(answer: schema.EpisodeUses) -> list[str]:
    """Describe the decisions that recalled an episode."""
    lines = [_use(use) for use in answer.uses]
    return [printable(line) for line in lines] or ["no decision has recalled it"]


def _use(use: schema.EpisodeUse) -> str:
    text = "not compared" if use.text_similarity is None else f"{use.text_similarity:.2f}"
    return (
        f"{use.day}  {use.project_id}  {use.sprint_id or 'no sprint'}  number {use.rank},"
        f" similarity {use.similarity:.2f} (numbers {use.structured_similarity:.2f},"
        f" text {text})  run {use.run_id}"
    )


def effect(answer: schema.EpisodeEffect) -> list[str]:
    """Describe what forgetting an episode would have meant."""
    lines = [answer.words]
    for decision in answer.decisions:
        if decision.change == "unknown":
            change = "its inputs are not kept"
        elif decision.tasks is decision.tasks_without is None:
            change = "no new sprint with and without it"
        elif decision.tasks == decision.tasks_without:
            change = f"{decision.tasks} tasks with and without it"
        else:
            change = f"{decision.tasks} tasks, {decision.tasks_without} without it"
        lines.append(f"    {decision.day}  {decision.project_id}  {change}  run {decision.run_id}")
    return [printable(line) for line in lines]
