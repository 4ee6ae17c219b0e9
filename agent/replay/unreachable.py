"""Error of code that reaches out of a replay."""


class Unreachable(Exception):
    """Use of something that no replay reaches."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"a replay reaches no network, process, thread, written file or clock ({what}); decide"
            " by the facts that the rule is given, such as facts.today"
        )
