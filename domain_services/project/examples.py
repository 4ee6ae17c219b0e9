"""Example of each request body of the project service, for its page /docs."""

from domain_services.kernel.web.openapi import Examples

EXAMPLES: Examples = {
    "POST /projects": {
        "id": "P1",
        "name": "Search",
        "country": "DE",
        "subdivision": "BY",
        "timezone": "Europe/Berlin",
    },
    "PUT /projects/{project_id}/status": {"status": "inactive"},
    "PATCH /projects/{project_id}": {"name": "Search and find", "progress_mode": "reported"},
    "PUT /projects/{project_id}/clock": {"to": "2016-06-20"},
    "POST /employees": {
        "id": "E001",
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "role": "developer",
    },
    "POST /projects/{project_id}/team-members-assign": {"employee_ids": ["E001", "E002"]},
    "PUT /projects/{project_id}/calendar": {
        "country": "CH",
        "subdivision": "ZH",
        "timezone": "Europe/Zurich",
    },
    "PUT /projects/{project_id}/calendar/holidays/{day}": {
        "type": "holiday",
        "name": "Day of the company",
    },
    "POST /projects/{project_id}/calendar/pto": {
        "start_date": "2026-03-09",
        "end_date": "2026-03-13",
        "reason": "Holidays",
    },
}
