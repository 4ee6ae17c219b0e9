"""Cron expressions as the Kubernetes API server reads them, with its words of refusal."""

import re

MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = {
    4: {name: number for number, name in enumerate(MONTHS, 1)},
    5: {name: number for number, name in enumerate(DAYS)},
}
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
DESCRIPTORS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


class Refused(Exception):
    """The expression is not accepted."""


def check(expression: str) -> None:
    """Raise `Refused` with the server's reason, or return."""
    if "TZ" in expression:
        raise Refused("cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
    if expression.startswith("@"):
        if expression not in DESCRIPTORS and not expression.startswith("@every "):
            raise Refused(f"unrecognized descriptor: {expression}")
        return
    fields = expression.split()
    if len(fields) != 5:
        raise Refused(f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]")
    for number, field in enumerate(fields, 1):
        for part in field.split(","):
            _check_range(part, number)


def _check_range(text: str, number: int) -> None:
    low, high = BOUNDS[number - 1]
    span, _, step = text.partition("/")
    if step and _integer(step, {}) == 0:
        raise Refused(f"step of range should be a positive number: {text}")
    if span in ("*", "?"):
        return
    first, _, last = span.partition("-")
    names = NAMES.get(number, {})
    start = _integer(first, names)
    end = _integer(last, names) if last else (high if step else start)
    if start < low:
        raise Refused(f"beginning of range ({start}) below minimum ({low}): {text}")
    if end > high:
        raise Refused(f"end of range ({end}) above maximum ({high}): {text}")
    if start > end:
        raise Refused(f"beginning of range ({start}) beyond end of range ({end}): {text}")


def _integer(text: str, names: dict[str, int]) -> int:
    if text.lower() in names:
        return names[text.lower()]
    if not re.fullmatch("[0-9]+", text):
        raise Refused(
            f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
        )
    return int(text)
