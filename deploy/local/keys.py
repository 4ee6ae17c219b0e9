"""API keys of a stack on one machine: files of its data folder."""

from pydantic import SecretStr

from deploy.catalogue import Catalogue, ServiceSpec
from deploy.keys import accepted, holder
from deploy.local.folder import DataFolder
from deploy.people import PeopleKeys
from domain_services.kernel.settings import AuthSettings


def auth(folder: DataFolder, catalogue: Catalogue, spec: ServiceSpec) -> AuthSettings:
    """Build a service's keys: its own, and the hashes and scopes of everybody's."""
    own_key = SecretStr(folder.key(holder(spec))) if spec.calls else None
    people = PeopleKeys(folder.path)
    people.prepare()
    return AuthSettings(
        service_key=own_key, keys=accepted(folder.key, catalogue), keys_file=people.file
    )
