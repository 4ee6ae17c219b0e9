"""Warnings of a starting service about variables that it does not read."""

import os

import structlog

from agent.cli.configuration import LINKS_ADVICE, service_links, unknown_variables
from domain_services.kernel.telemetry import configure_logging

LEVELS = ("debug", "info", "warning", "error")


def warn_of_unread() -> None:
    """Log the names, and never the values, of variables `DSM_*` that nothing reads."""
    # Before the settings are read: a link DSM_PORT=tcp://... ends that with an error.
    level = os.environ.get("DSM_LOG_LEVEL", "info").lower()
    configure_logging(level if level in LEVELS else "info")
    logger = structlog.get_logger()
    if links := service_links(os.environ):
        logger.warning("settings.service_links", variables=links, advice=LINKS_ADVICE)
    for variable in unknown_variables(os.environ):
        logger.warning(
            "settings.unknown_variable", variable=variable.name, nearest=variable.nearest
        )
