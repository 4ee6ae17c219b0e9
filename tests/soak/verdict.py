"""Verdict about one quantity of a soak: flat, growing as its retention says, or growing."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Literal

Word = Literal["flat", "grows as its retention says", "GROWS"]
Point = tuple[float, float]  # minutes since the start, value


@dataclass(frozen=True)
class Quantity:
    """Something that is sampled again and again."""

    name: str
    unit: str = ""
    share: float = 0.05
    """Part of its level by which it may rise in a third of the soak."""
    floor: float = 0
    """Rise in a third of the soak that is never judged, in its unit."""
    kept: bool = False
    """True when its retention keeps it for good, so that it grows with the work."""


@dataclass(frozen=True)
class Verdict:
    """Outcome of a soak for one quantity."""

    quantity: Quantity
    first: float
    """Mean of the first third."""
    last: float
    """Mean of the last third."""
    slope: float
    """Rise a minute after the first third, by least squares."""
    word: Word

    @property
    def changed(self) -> bool:
        return self.first != self.last or self.slope != 0


def judge(quantity: Quantity, points: Sequence[Point]) -> Verdict:
    """Judge samples of a quantity in the order of time; at least three.

    The first third is the time in which pools, caches and the shortest retention fill up: the
    slope is that of the rest. Raises: `ValueError` with fewer points.
    """
    if len(points) < 3:
        raise ValueError(f"{quantity.name}: {len(points)} samples are too few; soak longer")
    start, end = points[0][0], points[-1][0]
    third = (end - start) / 3
    first = [value for minute, value in points if minute <= start + third]
    rest = [point for point in points if point[0] >= start + third]
    last = [value for minute, value in points if minute >= end - third]
    slope = _slope(rest)
    level = mean(value for _, value in rest)
    word: Word = "flat"
    if quantity.kept:
        word = "grows as its retention says" if slope > 0 and mean(last) > mean(first) else "flat"
    elif slope * third > max(quantity.floor, quantity.share * level):
        word = "GROWS"
    return Verdict(quantity, mean(first), mean(last), slope, word)


def _slope(points: Sequence[Point]) -> float:
    """Return the slope of the line through some points by least squares; 0 for one moment."""
    middle = mean(minute for minute, _ in points)
    level = mean(value for _, value in points)
    spread = sum((minute - middle) ** 2 for minute, _ in points)
    if spread == 0:
        return 0.0
    return sum((minute - middle) * (value - level) for minute, value in points) / spread
