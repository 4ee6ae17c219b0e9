"""Histories in one word."""

from graphs.evidence.throughput import Sprint


def of(*completed: int) -> tuple[Sprint, ...]:
    """Sprints of which only the completed tasks are known."""
    return tuple(Sprint(count) for count in completed)
