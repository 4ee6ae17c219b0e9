"""The error that stops a whole import; a single bad row is a `Refusal` instead."""

from domain_services.kernel.errors import Invalid


class CsvRefused(Invalid):
    """A file or an option that cannot be imported; `detail` says where it fails and what to do."""

    code = "csv_refused"
    title = "CSV cannot be imported"
