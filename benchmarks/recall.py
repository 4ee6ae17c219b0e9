"""Recall beside one raw pgvector search: how long it takes, and that nothing is left out."""

import itertools

from benchmarks import episodes, exact
from benchmarks.figures import Figure, Path, at_least, at_most, interleave, p50_figure
from benchmarks.loading import load_memory
from benchmarks.remembering import FILTERS, LIMIT, SECONDS, Question, RecallStage, open_memory
from benchmarks.stage import Stage

# pgvector's own default: the floor is a search that nobody has tuned.
EF_SEARCH = 40
_RAW = "SELECT episode_id FROM episodes WHERE recallable ORDER BY embedding <=> %s LIMIT 5"
_GOALS = {
    "no filter": at_most(1.3),
    "a project of 2 %": at_most(2.0),
    "0.35 %: a project's episodes with an outcome": at_most(1.2),
}


async def speed(stage: Stage) -> list[Figure]:
    """Every filter beside the unfiltered floor (halfvec, ef 40, binary, prepared)."""
    await load_memory(stage)
    async with open_memory(stage, count=100) as memory:
        await memory.raw.execute(f"SET hnsw.ef_search = {EF_SEARCH}")
        stage.say("recall")
        paths = {name: _recalling(memory, project) for name, project in FILTERS.items()}
        samples = await interleave(
            paths | {"raw": _raw(memory)},
            rounds=stage.rounds(15),
            calls=20,
            seconds=stage.seconds,
            warm_up=30,
        )
        figures = [
            p50_figure(f"recall, {name}", samples[name], samples["raw"], _GOALS.get(name))
            for name in FILTERS
        ]
        return [*figures, await _complete(memory)]


def _recalling(memory: RecallStage, project: str | None) -> Path:
    questions = itertools.cycle(memory.questions)

    async def recall() -> None:
        await memory.recaller.recall(
            next(questions).state, limit=LIMIT, deadline_seconds=SECONDS, project_id=project
        )

    return recall


def _raw(memory: RecallStage) -> Path:
    questions = itertools.cycle(memory.questions)

    async def search() -> None:
        vector = next(questions).embedding.vector
        await (await memory.raw.execute(_RAW, (vector,), binary=True)).fetchall()

    return search


async def _complete(memory: RecallStage) -> Figure:
    """The least share of rows found of those that exist, where few, or hardly k, exist."""
    shares = [await _share(memory, memory.questions[0], episodes.FEW, k) for k in range(1, 11)]
    for project in FILTERS.values():
        shares += [
            await _share(memory, question, project, 50) for question in memory.questions[:10]
        ]
    return Figure("recall, rows found of those asked for that exist", min(shares), at_least(1))


async def _share(memory: RecallStage, question: Question, project: str | None, k: int) -> float:
    recalled = await memory.recaller.recall(
        question.state, limit=k, deadline_seconds=SECONDS, project_id=project
    )
    there = await exact.nearest(memory.raw, question.state, question.embedding, project, limit=k)
    return len(recalled.neighbours) / len(there)
