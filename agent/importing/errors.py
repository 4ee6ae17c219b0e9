"""The error that stops a whole import; a single bad row is a `Refusal` instead."""

from domain_services.kernel.errors import Invalid

_CHANGES = "Changes alone are not enough: "
_READ_ALL = ". Read all of the tracker, as dsm sync PROJECT --all does."


class CsvRefused(Invalid):
    """A file or an option that cannot be imported; `detail` says where it fails and what to do."""

    code = "csv_refused"
    title = "CSV cannot be imported"


class ChangesRefused(CsvRefused):
    """Changes of a tracker that nothing known completes: all of it must be read."""

    code = "changes_refused"
    title = "Changes cannot be completed"

    def __init__(self, reason: str) -> None:
        """Refuse for a reason, such as `no earlier rows of the project are kept`."""
        super().__init__(f"{_CHANGES}{reason}{_READ_ALL}")

    @staticmethod
    def reason_in(detail: str) -> str:
        """Return the reason in the words of such a refusal."""
        return detail.removeprefix(_CHANGES).removesuffix(_READ_ALL)
