"""Layout of a safetensors file: the place of each tensor."""

import json
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "https://github.com/huggingface/safetensors#format"


@dataclass(frozen=True)
class Tensor:
    """Place of a tensor of little-endian float32."""

    shape: tuple[int, ...]
    """Size of each dimension."""
    offset: int
    """First byte, counted from the start of the file."""
    length: int
    """Bytes."""


def read_layout(path: Path) -> dict[str, Tensor]:
    """Read the places of the float32 tensors by name, from the header of the file alone.

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
