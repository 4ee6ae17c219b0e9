"""Table of what is kept in each database, for how long and why."""

from collections.abc import Iterator
from pathlib import Path

from deploy.catalogue import SERVICES, ServiceSpec, resolve
from docs.generate.settings import PREFIX
from domain_services.kernel.database.retention import Kept, Rule, Tables

PAGE = Path(__file__).parents[1] / "operate" / "retention.md"
BEGIN = "<!-- retention: written by `make docs` -->"
END = "<!-- end of retention -->"
HEAD = "| table | one row | kept | setting | why |\n|---|---|---|---|---|"


def stored() -> list[ServiceSpec]:
    """Return the services that have a database."""
    return [spec for spec in SERVICES if spec.migrations]


def tables_of(spec: ServiceSpec) -> Tables:
    """Return the list of a service's tables with their retention."""
    return resolve(f"{spec.migrations}.retention:RETENTION")


def content() -> str:
    """Format the tables of every database."""
    return "\n\n".join("\n".join(_lines(spec)) for spec in stored())


def replaced(text: str) -> str:
    """Return `text` with the tables between the markers. Raises: `ValueError` without them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"add the markers {BEGIN!r} and {END!r} to {PAGE}")
    return f"{head}{BEGIN}\n\n{content()}\n\n{END}{tail}"


def write() -> bool:
    """Write the tables into the page; True when it changed."""
    before = PAGE.read_text()
    PAGE.write_text(replaced(before))
    return PAGE.read_text() != before


def _lines(spec: ServiceSpec) -> Iterator[str]:
    yield f"### `{spec.database}`\n"
    yield HEAD
    for table in tables_of(spec):
        cells = _rule(spec, table) if isinstance(table, Rule) else _kept(table)
        yield f"| {' | '.join(cells)} |"


def _rule(spec: ServiceSpec, rule: Rule) -> tuple[str, ...]:
    field = resolve(spec.settings).model_fields[rule.setting]
    days = f"{field.default} {'day' if field.default == 1 else 'days'}"
    setting = f"`{PREFIX}{rule.setting.upper()}`"
    return (f"`{rule.table}`", rule.rows, days, setting, rule.why)


def _kept(table: Kept) -> tuple[str, ...]:
    return (f"`{table.table}`", table.rows, table.how_long, "", table.why)
