"""What stops an import as a whole; a single bad row is a Refusal instead."""

from domain_services.kernel.errors import Invalid


class CsvRefused(Invalid):
    """The file, or what was asked of it, cannot be imported; `detail` says where and what to do."""

    code = "csv_refused"
    title = "CSV cannot be imported"
