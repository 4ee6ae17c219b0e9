"""Refusals of a source, in words that say what to do next; none holds a token."""

from domain_services.kernel.errors import Invalid, Unavailable


class SourceRefused(Invalid):
    """A request that the tracker will not answer as it is: a wrong address, right or token."""

    code = "source_refused"
    title = "The tracker refuses to be read"


class SourceUnavailable(Unavailable):
    """A tracker that cannot be read now: it is down, or its limit resets later."""

    code = "source_unavailable"
    title = "The tracker cannot be read now"
