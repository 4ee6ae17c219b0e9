"""Stores that the components of the tree bring: their URLs and the Secrets of their accounts."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy.manifests import stores
from deploy.manifests.secret_objects import Secret
from deploy.secret_files import SecretFiles

OWNER_ROLE = "dsm"
CHRONICLE_ROLE = "dsm_chronicle_service"
POSTGRES_HOST = "postgres.dsm.svc.cluster.local"
VALKEY_HOST = "valkey.dsm.svc.cluster.local"
CNPG_HOST = "dsm-postgres-rw.dsm.svc.cluster.local"


def dev_values(files: SecretFiles) -> dict[str, str]:
    """Name the stores of the component dev-stores."""
    redis = f"redis://:{files.password('dev-valkey')}@{VALKEY_HOST}:6379/0"
    return _databases(POSTGRES_HOST, files, "dev") | {stores.REDIS: redis}


def dev_secrets(files: SecretFiles) -> list[Secret]:
    """Make the Secret with which the component dev-stores starts."""
    accounts = ("superuser", "owner", "chronicle", "valkey")
    content = {f"{account}-password": files.password(f"dev-{account}") for account in accounts}
    return [Secret("dev-stores", content)]


def cnpg_values(files: SecretFiles) -> dict[str, str]:
    """Name the databases of the component cnpg; Redis has to be given."""
    return _databases(CNPG_HOST, files, "cnpg")


def cnpg_secrets(files: SecretFiles) -> list[Secret]:
    """Make the Secrets from which the operator sets the passwords of the roles."""
    return [
        Secret(
            f"dsm-postgres-{account}",
            {"username": role, "password": files.password(f"cnpg-{account}")},
            kind="kubernetes.io/basic-auth",
            labels={"cnpg.io/reload": "true"},
        )
        for account, role in (("owner", OWNER_ROLE), ("chronicle", CHRONICLE_ROLE))
    ]


def _databases(host: str, files: SecretFiles, prefix: str) -> dict[str, str]:
    owner = f"postgresql://{OWNER_ROLE}:{files.password(f'{prefix}-owner')}@{host}:5432"
    chronicle = f"postgresql://{CHRONICLE_ROLE}:{files.password(f'{prefix}-chronicle')}@{host}:5432"
    return {
        stores.DATABASE: owner,
        stores.OWNER: owner,
        f"{stores.OVERRIDE}CHRONICLE": f"{chronicle}/dsm_chronicle",
    }


@dataclass(frozen=True)
class Component:
    """Component of the tree that brings stores."""

    values: Callable[[SecretFiles], dict[str, str]]
    """URLs that need not be given, by variable."""
    secrets: Callable[[SecretFiles], list[Secret]]
    """Secrets of the stores' own accounts."""


COMPONENTS = {
    "dev-stores": Component(dev_values, dev_secrets),
    "cnpg": Component(cnpg_values, cnpg_secrets),
}
