"""Settings tables, generated from the settings classes of the services."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deploy.catalogue import SERVICES, resolve
from deploy.local.settings import LocalSettings
from deploy.migrating.settings import MigrationSettings
from domain_services.kernel.settings import KernelSettings

PREFIX = "DSM_"
BEGIN = "<!-- settings {table}: written by `make docs` -->"
END = "<!-- end of settings {table} -->"

UNITS = {"seconds": "s", "bytes": "bytes", "threshold": "0 to 1", "patience": "factor"}

# The settings that somebody who installs the system needs first; the README shows these only.
MAIN = (
    "DSM_DATABASE_URL",
    "DSM_REDIS_URL",
    "DSM_DECISION_MODE",
    "DSM_CONFIDENCE_THRESHOLD",
    "DSM_PATIENCE",
    "DSM_EMBEDDING__OLLAMA_URL",
    "DSM_REQUEST_SECONDS",
    "DSM_MAX_RUNNING_REQUESTS",
    "DSM_LOG_LEVEL",
)


@dataclass(frozen=True)
class Setting:
    """One environment variable of one service, or of all."""

    name: str
    service: str
    default: str
    unit: str
    meaning: str

    def row(self) -> str:
        """Format the setting as a row of a Markdown table."""
        cells = (f"`{self.name}`", self.service, self.default, self.unit, self.meaning)
        return f"| {' | '.join(cells)} |"


def settings() -> list[Setting]:
    """List every setting: the common ones first, then each service's own or different ones."""
    common = list(_fields(KernelSettings, "all"))
    known = set(common)
    own = [
        setting
        for spec in SERVICES
        if spec.settings
        for setting in _fields(resolve(spec.settings), spec.name.replace("_", "-"))
        if Setting(setting.name, "all", *_content(setting)) not in known
    ]
    migrating = list(_fields(MigrationSettings, "dsm migrate"))
    local = list(_fields(LocalSettings, "dsm up"))
    return [setting for setting in common if setting.name != "DSM_PORT"] + own + migrating + local


def table(rows: list[Setting]) -> str:
    """Format settings as a Markdown table."""
    head = "| setting | service | default | unit | meaning |\n|---|---|---|---|---|"
    return "\n".join([head, *(setting.row() for setting in rows)])


def write(page: Path, name: str, content: str) -> bool:
    """Replace the content between the markers of table `name`; True when the page changed."""
    before = page.read_text()
    after = replaced(before, name, content)
    page.write_text(after)
    return after != before


def replaced(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between the markers. Raises: `ValueError` without markers."""
    begin, end = BEGIN.format(table=name), END.format(table=name)
    head, marker, rest = text.partition(begin)
    _, end_marker, tail = rest.partition(end)
    if not marker or not end_marker:
        raise ValueError(f"add the markers {begin!r} and {end!r} to the page")
    return f"{head}{begin}\n\n{content}\n\n{end}{tail}"


def tables() -> dict[str, str]:
    """Name each generated table and its content."""
    rows = settings()
    return {"main": table([row for row in rows if row.name in MAIN]), "all": table(rows)}


def _content(setting: Setting) -> tuple[str, str, str]:
    return setting.default, setting.unit, setting.meaning


def _fields(model: type[BaseModel], service: str, prefix: str = PREFIX) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, service, f"{variable}__")
        else:
            yield Setting(variable, service, _default(field), _unit(name), _meaning(field))


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=False)
    if value is None or value == () or value == {} or field.is_required():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _unit(name: str) -> str:
    return UNITS.get(name.rpartition("_")[2], "")


def _meaning(field: FieldInfo) -> str:
    if not field.description:
        raise ValueError(f"describe the setting {field!r} in its class")
    choices = _choices(field.annotation)
    return f"{field.description}: {', '.join(choices)}" if choices else field.description


def _choices(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [f"`{choice}`" for choice in get_args(kind)]
    return []
