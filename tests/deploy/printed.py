"""Secrets that `dsm manifests secrets` prints, as the tree may refer to them."""

from deploy.manifests import own_stores, stores
from deploy.manifests.secret_objects import Secret
from deploy.manifests.secrets import secrets
from tests.deploy.checks.references import Known

NOBODY = '{"people": []}'

URLS = {
    "DSM_DATABASE_URL": "postgresql://dsm:pw@db.example.com:5432/ignored?sslmode=require",
    "DSM_DATABASE_URLS__CHRONICLE": (
        "postgresql://dsm_chronicle_service:other@db.example.com:5432/dsm_chronicle"
    ),
    "DSM_OWNER_URL": "postgresql://owner:secret@db.example.com/postgres",
    "DSM_REDIS_URL": "rediss://:pw@redis.example.com:6380/0",
}
FURTHER = {
    "DSM_DATABASE_DIRECT_URL": "postgresql://dsm:pw@direct.example.com:5432",
    "DSM_RECALL_URL": "postgresql://dsm:pw@replica.example.com/dsm_agent_memory",
}


class Passwords:
    """Secrets of a folder, without the folder."""

    def key(self, holder: str) -> str:
        return f"dsm_{holder}"

    def password(self, account: str) -> str:
        return f"password-of-{account}"


def printed(*, further: bool = True) -> Known:
    """List the namespace, name and key of everything that is printed."""
    urls = stores.stores(URLS | (FURTHER if further else {}))
    made_secrets: list[Secret] = [
        *secrets(urls, Passwords().key, NOBODY),
        *own_stores.dev_secrets(Passwords()),  # pyright: ignore[reportArgumentType]
        *own_stores.cnpg_secrets(Passwords()),  # pyright: ignore[reportArgumentType]
    ]
    return {
        (secret.namespace, secret.name, key) for secret in made_secrets for key in secret.content
    }
