"""Past sprints for the tests of the evidence."""

from graphs.evidence.throughput import Sprint


def of(*completed: int) -> tuple[Sprint, ...]:
    """Make sprints of which only the completed tasks are known."""
    return tuple(Sprint(count) for count in completed)
