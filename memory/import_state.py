"""States of an import by route."""

from typing import Literal

ImportState = Literal["reading", "previewed", "importing", "done", "failed", "cancelled"]
BUSY_STATES: tuple[ImportState, ...] = ("reading", "importing")
