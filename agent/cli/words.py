"""Phrases that several pages of the command line share."""


def count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def points(done: float | None, total: float | None) -> str:
    """Return the estimates done of all, as a further item of a list; "" without estimates."""
    return "" if done is None or total is None else f", {done:g} of {total:g} points"


def sentence(text: str) -> str:
    """Return a text with a capital letter in front and one full stop at its end."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
