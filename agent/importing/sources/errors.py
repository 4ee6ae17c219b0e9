"""Refusals of a source, in words that say what to do next; none holds a token."""

from domain_services.kernel.errors import Invalid, Unavailable


class SourceRefused(Invalid):
    """A request that the tracker will not answer as it is: a wrong address, right or token."""

    code = "source_refused"
    title = "The tracker refuses to be read"

    def __init__(self, detail: str, *, answer_status: int | None = None) -> None:
        super().__init__(detail)
        self.answer_status = answer_status
        """HTTP status of the tracker's answer; None when it is not about one."""


class SourceUnavailable(Unavailable):
    """A tracker that cannot be read now: it is down, or its limit resets later."""

    code = "source_unavailable"
    title = "The tracker cannot be read now"
