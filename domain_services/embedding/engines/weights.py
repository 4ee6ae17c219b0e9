"""Where each tensor of a safetensors file lies."""

import json
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "https://github.com/huggingface/safetensors#format"


@dataclass(frozen=True)
class Tensor:
    """A tensor of little-endian float32 at `offset` bytes from the start of its file."""

    shape: tuple[int, ...]
    offset: int
    length: int


def read_layout(path: Path) -> dict[str, Tensor]:
    """The float32 tensors of the file by name; nothing but its header is read.

    Raises: `ValueError` when the file is not safetensors. Source: the format's description, see
    `_FORMAT`: 8 bytes of header length, a JSON header, the data.
    """
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if not 0 < size < path.stat().st_size:
            raise ValueError(f"{path.name} is not a safetensors file ({_FORMAT})")
        header = json.loads(file.read(size))
    start = 8 + size
    return {
        name: Tensor(tuple(entry["shape"]), start + begin, end - begin)
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
        for begin, end in [entry["data_offsets"]]
    }
