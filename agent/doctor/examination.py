"""Examination of an installation: facts of every service, and all findings about them."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version

from agent.doctor.facts import Facts, gather_facts
from agent.doctor.findings import WHOLE, Finding
from agent.doctor.installation_checks import check_installation
from agent.doctor.service_checks import check_service
from agent.doctor.store_checks import check_stores
from deploy.catalogue import SERVICES, Catalogue, ServiceSpec


async def examine(urls: Mapping[str, str], headers: Mapping[str, str]) -> list[Finding]:
    """Ask the services at `urls`, and return what was found, in the order of the catalogue."""
    ordered = {spec.name: urls[spec.name] for spec in SERVICES if spec.name in urls}
    return list(judge(await gather_facts(ordered, headers)))


def judge(facts: Facts, catalogue: Catalogue = SERVICES) -> Iterator[Finding]:
    """Judge the facts: each service first, the whole installation last."""
    release = version("digital-scrum-master")
    specs = {spec.name: spec for spec in catalogue}
    for service in facts.services:
        spec = specs[service.name]
        yield from check_service(service, spec.identity, release)
        if service.diagnosis.value is not None:
            extensions = tuple(name for name, _ in spec.extensions)
            yield from check_stores(
                spec.name, service.diagnosis.value, newest_revision(spec), extensions
            )
    known = {service.name for service in facts.services}
    missing = [spec.name for spec in catalogue if spec.name not in known]
    if missing:
        message = f"no URL is known of: {', '.join(missing)}"
        advice = "name them by --url or DSM_PEERS__* to have them checked"
        yield Finding(WHOLE, "services", "warning", message, advice)
    yield from check_installation(facts)


def newest_revision(spec: ServiceSpec) -> str | None:
    """Return the newest migration that this release knows; None for a service without any."""
    if spec.migrations is None:
        return None
    # Alembic is wanted for this alone.
    from domain_services.kernel.database.migrate import newest

    return newest(spec.migrations)
