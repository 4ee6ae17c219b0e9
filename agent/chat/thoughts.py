"""Thoughts that a model writes into its answer, between `<think>` and `</think>`.

Ollama sends them apart for the models that it knows; others write them into the text.
"""

_BEGIN, _END = "<think>", "</think>"


def without_thoughts(text: str) -> str:
    """Return a text without the thoughts at its beginning; empty when there is nothing else."""
    _, end, answer = text.partition(_END)
    if end:
        return answer.lstrip()
    return "" if text.lstrip().startswith(_BEGIN) else text


class ThoughtFilter:
    """Filter of one streamed text."""

    def __init__(self) -> None:
        self._begun = ""
        self._is_answer = False

    def take(self, part: str) -> str:
        """Return what the next part adds to the answer."""
        if self._is_answer:
            return part
        self._begun += part
        text = self._begun.lstrip()
        if _BEGIN.startswith(text[: len(_BEGIN)]) and _END not in text:
            return ""
        self._is_answer = True
        return without_thoughts(self._begun)
