"""OpenAPI documents of the services, as files for those who generate clients."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from deploy.catalogue import SERVICES, ServiceSpec, resolve
from domain_services.kernel.settings import ApiKey, AuthSettings

FOLDER = Path(__file__).parents[1] / "openapi"
# An app starts with a key alone; no document shows it, and nobody knows what has this digest.
_KEY = ApiKey(name="admin", role="admin", sha256="0" * 64)


def documents() -> Iterator[tuple[Path, str]]:
    """Make the file and the text of each service's document."""
    for spec in SERVICES:
        yield FOLDER / f"{spec.name}.json", text(spec)


def text(spec: ServiceSpec) -> str:
    """Return a service's document as JSON, the same on every machine."""
    settings: Any = resolve(spec.settings)(auth=AuthSettings(keys=(_KEY,)), _env_file=None)
    document = _in_order(resolve(spec.factory)(settings).openapi())
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write() -> list[Path]:
    """Write the documents again; return the files that have changed."""
    FOLDER.mkdir(exist_ok=True)
    changed = [
        (path, content)
        for path, content in documents()
        if not path.exists() or path.read_text() != content
    ]
    for path, content in changed:
        path.write_text(content)
    return [path for path, _ in changed]


def _in_order(value: Any) -> Any:
    """Sort the values of every `enum`.

    `typing` takes literals of the same values for one another, whichever was made first.
    """
    if isinstance(value, list):
        return [_in_order(item) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    document = {name: _in_order(item) for name, item in cast(dict[str, Any], value).items()}
    if isinstance(document.get("enum"), list):
        document["enum"] = sorted(document["enum"], key=str)
    return document
