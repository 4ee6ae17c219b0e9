"""The local model against reference vectors, and the promises of every vector."""

import asyncio
import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain_services.embedding.engines import minilm
from domain_services.embedding.engines.local import open_local
from domain_services.embedding.engines.minilm import MiniLm, find_model, plan_runs
from domain_services.embedding.engines.port import EngineFailed, to_unit_length
from domain_services.embedding.engines.weights import read_layout

CONTEXT = "Project TEST-001: 10 backlog tasks, team size 5, velocity 2.5"
OUTAGE = "The team could not finish the sprint because the test environment was down."
PARAPHRASE = "An outage of the staging servers kept the developers from completing their iteration."
PIE = "Grandmother's recipe for apple pie needs cinnamon and a pinch of salt."
UNICODE = "Größe, café, 東京 🚀"
TRUNCATED = "backlog refinement " * 300  # longer than the model's 256 tokens
TEXTS = [CONTEXT, OUTAGE, PARAPHRASE, PIE, UNICODE, TRUNCATED]

# First eight of 384 dimensions and pairwise cosines, made once by the PyTorch implementation:
# transformers 5.23.0 AutoModel (eager attention) and torch 2.13.0 on the same weights, truncation
# at 256 tokens, mean over the attention mask, L2 normalisation.
REFERENCE = [
    [0.017682, 0.008399, 0.005101, -0.004169, 0.069367, -0.025016, -0.101012, -0.028448],
    [0.005796, 0.095975, -0.00963, 0.011722, 0.097012, -0.070362, -0.085191, 0.059952],
    [-0.017935, 0.014963, 0.028953, 0.034433, 0.051066, -0.057731, -0.038793, -0.023717],
    [0.00086, 0.046844, 0.094528, -0.000774, -0.137286, 0.013695, 0.02417, 0.010766],
    [0.073395, 0.026202, 0.034084, 0.002113, -0.046741, 0.039431, 0.094307, -0.023574],
    [-0.002843, -0.09414, -0.014154, -0.01532, 0.030953, 0.042711, 0.064756, -0.020505],
]
COSINES = [
    [1.0, 0.410293, 0.301899, 0.004014, 0.031416, 0.268671],
    [0.410293, 1.0, 0.464825, -0.022511, -0.030251, 0.011274],
    [0.301899, 0.464825, 1.0, -0.02128, 0.008034, 0.114197],
    [0.004014, -0.022511, -0.02128, 1.0, 0.129678, 0.010852],
    [0.031416, -0.030251, 0.008034, 0.129678, 1.0, 0.052185],
    [0.268671, 0.011274, 0.114197, 0.010852, 0.052185, 1.0],
]
TOLERANCE = 1e-4


def cosine(first: list[float], second: list[float]) -> float:
    return sum(a * b for a, b in zip(first, second, strict=True))


@pytest.fixture(scope="module")
def model() -> MiniLm:
    return MiniLm(find_model())


async def test_vectors_are_those_of_the_reference(model: MiniLm):
    for text, expected in zip(TEXTS, REFERENCE, strict=True):
        [vector] = await model.embed([text])
        assert vector[:8] == pytest.approx(expected, abs=TOLERANCE)


async def test_cosines_are_those_of_the_reference(model: MiniLm):
    vectors = await model.embed(TEXTS)
    for vector, row in zip(vectors, COSINES, strict=True):
        assert [cosine(vector, other) for other in vectors] == pytest.approx(row, abs=TOLERANCE)


async def test_vectors_have_unit_length_and_zeros_after_384_dimensions(model: MiniLm):
    for vector in await model.embed(TEXTS):
        assert len(vector) == 1024
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)
        assert any(vector[300:384])
        assert not any(vector[384:])


async def test_same_text_gives_the_same_vector(model: MiniLm):
    assert await model.embed([CONTEXT]) == await model.embed([CONTEXT])


async def test_batch_of_mixed_lengths_equals_single_texts_in_order(model: MiniLm):
    texts = [" ".join(["task"] * (1 + 37 * n % 60)) + f" {n}" for n in range(20)]
    for text, from_batch in zip(texts, await model.embed(texts), strict=True):
        [alone] = await model.embed([text])
        assert from_batch == pytest.approx(alone, abs=1e-5)


@given(st.lists(st.integers(2, 256), max_size=256))
def test_runs_hold_every_text_once_and_at_most_512_tokens(lengths: list[int]):
    runs = plan_runs(lengths)
    assert sorted(index for run in runs for index in run) == list(range(len(lengths)))
    for run in runs:
        assert 0 < len(run) * max(lengths[index] for index in run) <= 512


async def test_similar_sentences_are_closer_than_dissimilar_ones(model: MiniLm):
    outage, paraphrase, pie = await model.embed([OUTAGE, PARAPHRASE, PIE])
    assert cosine(outage, paraphrase) > cosine(outage, pie) + 0.3


async def test_event_loop_runs_while_texts_are_embedded(model: MiniLm):
    embedding = asyncio.create_task(model.embed(TEXTS * 4))
    turns = 0
    while not embedding.done():
        turns += 1
        await asyncio.sleep(0)
    assert len(await embedding) == len(TEXTS) * 4
    assert turns > 100


async def test_package_of_the_weights_is_never_imported(model: MiniLm):
    await model.embed([CONTEXT])
    assert not {"torch", "sentence_transformers", minilm.PACKAGE} & sys.modules.keys()


async def test_without_the_package_there_is_no_local_model(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_of_weights")
    with pytest.raises(ModuleNotFoundError):
        find_model()
    assert await open_local() is None


def test_file_that_is_not_safetensors_is_refused(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ValueError, match="not a safetensors file"):
        read_layout(path)


@pytest.mark.parametrize(
    "vector",
    [
        [],
        [1.0] * 768,
        [1.0] * 1025,
        [0.0] * 1024,
        [1e-9] * 1024,
        [1.0] * 1023 + [math.nan],
        [1.0] * 1023 + [math.inf],
        [1e308] * 1024,
    ],
    ids=["empty", "short", "long", "zero", "tiny", "nan", "infinite", "overflow"],
)
def test_vector_without_a_direction_is_refused(vector: list[float]):
    with pytest.raises(EngineFailed) as failure:
        to_unit_length(vector)
    assert failure.value.reason == "bad_vector"


def test_vector_keeps_its_direction_at_unit_length():
    assert to_unit_length([3.0, 4.0] + [0.0] * 1022)[:3] == pytest.approx([0.6, 0.8, 0.0])
