"""Reasons for which an import stops before anything is written; a preview only shows them."""

from collections.abc import Iterator, Sequence

from agent.importing.errors import CsvRefused
from agent.importing.notices import Question
from agent.importing.options import ImportOptions
from agent.importing.reading.recognition import Recognition
from agent.importing.reading.refusal_summary import summarise

_SHOWN_REASONS = 3


def stops(recognitions: Sequence[Recognition], options: ImportOptions) -> tuple[str, ...]:
    """Return the sentences that say why an import would stop, in the order of their weight."""
    return (*refusal_shares(recognitions, options), *_questions(recognitions))


def refuse_doubts(recognitions: Sequence[Recognition], options: ImportOptions) -> None:
    """Check that nothing stops the import. Raises: `CsvRefused`, with every reason."""
    refuse(stops(recognitions, options))


def refuse(reasons: Sequence[str]) -> None:
    """Check that no reason stops the import. Raises: `CsvRefused`, with every one."""
    if reasons:
        raise CsvRefused(" ".join(("Nothing was imported.", *reasons)))


def refusal_shares(recognitions: Sequence[Recognition], options: ImportOptions) -> Iterator[str]:
    """Yield a sentence for each file of which too many rows are refused."""
    for recognition in recognitions:
        refused = len(recognition.refused)
        if not refused or refused <= options.refusal_share * recognition.rows:
            continue
        share = refused / recognition.rows
        reasons = "; ".join(
            f"{reason.count:,} x {reason.text} (first in row {reason.first_row})"
            for reason in summarise(recognition.refused)[:_SHOWN_REASONS]
        )
        yield (
            f"{refused:,} of the {recognition.rows:,} rows of {recognition.name} are refused: "
            f"{_percent(share)}, and at most {_percent(options.refusal_share)} may be. The most "
            f"frequent reasons: {reasons}. Correct these rows or the options, or import the rest "
            f"with --refusals {_rounded_up(share)}%."
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _rounded_up(share: float) -> int:
    return min(100, int(100 * share) + 1)


def _questions(recognitions: Sequence[Recognition]) -> Iterator[str]:
    """Yield each doubt once, with the option that settles it."""
    questions = dict.fromkeys(
        question for recognition in recognitions for question in recognition.questions
    )
    yield from map(question_sentence, questions)


def question_sentence(question: Question) -> str:
    """Return a doubt with the option that settles it."""
    return f"{question.text} Answer with {question.answer}."
