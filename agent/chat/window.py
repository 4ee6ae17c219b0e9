"""Part of a conversation that fits the model's context.

Ollama drops what does not fit without a word, and parts a call from its result by it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import is_

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

# Signs that frame a message in a model's template.
MESSAGE_TOKENS = 8
# Of the context, for the answer: one part of so many.
ANSWER_PART = 8
# Ids and numbers have about one token a sign, words one for three to five letters. With the
# vocabulary of Qwen this counts a tenth to a third too much for the tools, results and questions of
# this system, and up to a fourth too little for rare names and some languages: the part that stays
# free, and the surplus for the tools, bear that.
_PIECE = re.compile(r"[A-Za-z]{1,4}|[0-9]|[!-/:-@\[-`{-~]{1,2}|\s*[\t\n\r]+| {2,}")
_BYTES_A_TOKEN = 2  # of other alphabets
# Characters of a tool's result: as many as there is room for.
_LENGTHS = (4_000, 2_000, 1_000, 400, 0)


@dataclass(frozen=True, slots=True)
class Window:
    """Messages for one call of the model."""

    messages: list[AnyMessage]
    """Newest messages, beginning with one of the person; each call has its result behind it."""
    is_whole: bool
    """False when messages or parts of results were left out."""


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text, rather too many than too few."""
    other = sum(len(sign.encode(errors="replace")) for sign in text if not sign.isascii())
    return sum(1 for _ in _PIECE.finditer(text)) - (-other // _BYTES_A_TOKEN)


def message_tokens(message: AnyMessage) -> int:
    """Estimate the tokens of a message with its calls of tools."""
    tokens = MESSAGE_TOKENS + estimate_tokens(message.text)
    if isinstance(message, AIMessage):
        for call in message.tool_calls:
            words = json.dumps([call["name"], call["args"]], ensure_ascii=False, default=str)
            tokens += MESSAGE_TOKENS + estimate_tokens(words)
    return tokens


def question_place(messages: Sequence[AnyMessage]) -> int:
    """Return the place of the person's last message."""
    return max(place for place, message in enumerate(messages) if isinstance(message, HumanMessage))


def fit(messages: Sequence[AnyMessage], room: int) -> Window:
    """Return what fits `room` tokens: the last question always, then the newest of the rest."""
    place = question_place(messages)
    question = messages[place]
    room -= message_tokens(question)
    later = _units(messages[place + 1 :])
    work = _newest(later, room)
    earlier: list[list[AnyMessage]] = []
    if len(work) == len(later):
        earlier = _newest(_units(messages[:place]), room - sum(map(_tokens, work)))
    while earlier and not isinstance(earlier[0][0], HumanMessage):
        del earlier[0]
    selected = [*_joined(earlier), question, *_joined(work)]
    is_whole = len(selected) == len(messages) and all(map(is_, selected, messages))
    return Window(selected, is_whole)


def _units(messages: Sequence[AnyMessage]) -> list[list[AnyMessage]]:
    """Group messages: calls of tools and their results are one."""
    units: list[list[AnyMessage]] = []
    for message in messages:
        if isinstance(message, ToolMessage) and units:
            units[-1].append(message)
        else:
            units.append([message])
    return units


def _newest(units: list[list[AnyMessage]], room: int) -> list[list[AnyMessage]]:
    """Return the newest units that fit, the last of them with shorter results."""
    selected: list[list[AnyMessage]] = []
    for unit in reversed(units):
        short = _shortened(unit, room)
        if short is None:
            break
        room -= _tokens(short)
        selected.insert(0, short)
    return selected


def _shortened(unit: list[AnyMessage], room: int) -> list[AnyMessage] | None:
    """Return a unit with results as long as fit; None when it does not fit at all."""
    if _tokens(unit) <= room:
        return unit
    for length in _LENGTHS:
        short = [_cut(message, length) for message in unit]
        if _tokens(short) <= room:
            return short
    return None


def _cut(message: AnyMessage, length: int) -> AnyMessage:
    text = message.text
    if not isinstance(message, ToolMessage) or len(text) <= length:
        return message
    words = f"({len(text) - length} characters left out for want of room; ask for less at once)"
    return message.model_copy(update={"content": f"{text[:length]}... {words}"})


def _tokens(unit: list[AnyMessage]) -> int:
    return sum(map(message_tokens, unit))


def _joined(units: list[list[AnyMessage]]) -> list[AnyMessage]:
    return [message for unit in units for message in unit]
