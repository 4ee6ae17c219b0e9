"""Table of a soak's verdicts, for people."""

from collections.abc import Sequence

from tests.soak.verdict import Verdict

_HEAD = f"{'quantity':44} {'first third':>12} {'last third':>12} {'a minute':>10}  verdict"


def table(verdicts: Sequence[Verdict]) -> list[str]:
    """Format verdicts as lines; what never changed, and sizes as they should be, are counted."""
    changed = [verdict for verdict in verdicts if verdict.changed]
    # Such a size says no more than the rows of its table, which have a line.
    sizes = [v for v in changed if v.word != "GROWS" and v.quantity.name.startswith("size of")]
    shown = [verdict for verdict in changed if verdict not in sizes]
    shown.sort(key=lambda verdict: (verdict.word != "GROWS", verdict.quantity.name))
    return [
        _HEAD,
        *map(_line, shown),
        f"{len(sizes)} sizes of tables are flat, or grow with rows that are kept",
        f"{len(verdicts) - len(changed)} more quantities did not change",
    ]


def _line(verdict: Verdict) -> str:
    unit = verdict.quantity.unit
    name = f"{verdict.quantity.name}{f' ({unit})' if unit else ''}"
    return (
        f"{name:44} {verdict.first:12.1f} {verdict.last:12.1f} {verdict.slope:+10.2f}"
        f"  {verdict.word}"
    )
