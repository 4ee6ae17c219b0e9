"""`dsm keys`: give people keys of their own, list them, and revoke them at once."""

from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson, DataDir, print_json
from agent.cli.target import DEFAULT_DATA_DIR

if TYPE_CHECKING:
    from domain_services.kernel.people import Person, PersonRole

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="One word, such as lena; it stands in audits.")
]
RoleName = Annotated[
    str, typer.Option("--role", help="viewer reads, operator decides and approves, admin all.")
]


def add(
    name: Name,
    role: RoleName = "operator",
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Make a key for NAME, show it once, and keep it for `--as NAME` on this machine."""
    from agent.cli.failures import one_line
    from deploy.people import PeopleKeys

    with one_line():
        people = PeopleKeys(data_dir)
        key = people.add(name, _role(role))
        path = people.path_of(name)
    if as_json:
        print_json({"name": name, "role": role, "key": key, "key_file": str(path)})
        return
    print(f"{name} ({role}): {key}")
    print("This key is not shown again: the services know its hash alone.")
    print(f"It is kept in {path}; commands use it by --as {name}.")


def list_keys(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """List everybody who has or had a key, without the keys."""
    from agent.cli.failures import one_line
    from deploy.people import PeopleKeys

    with one_line():
        people = PeopleKeys(data_dir).list()
    if as_json:
        rows = [person.model_dump(mode="json", exclude={"sha256"}) for person in people]
        print_json({"people": rows})
        return
    for person in people:
        print(_line(person))
    if not people:
        print("nobody has a key of their own; make one with: dsm keys add NAME --role operator")


def revoke(name: Name, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Refuse the key of NAME from the next request on, in every service."""
    from agent.cli.failures import one_line
    from deploy.people import PeopleKeys

    with one_line():
        person = PeopleKeys(data_dir).revoke(name)
    if as_json:
        print_json(person.model_dump(mode="json", exclude={"sha256"}))
    else:
        print(f"the key of {name} is refused from now on")


def _role(text: str) -> "PersonRole":
    """Return the role that a text names. Raises: `Invalid`."""
    from typing import get_args

    from domain_services.kernel.errors import Invalid
    from domain_services.kernel.people import PersonRole

    roles: tuple[PersonRole, ...] = get_args(PersonRole)
    for role in roles:
        if role == text:
            return role
    raise Invalid(f"--role {text} is no role of a person; name {', '.join(roles)}")


def _line(person: "Person") -> str:
    from domain_services.kernel.people import describe_time

    line = f"{person.name}  {person.role}  since {describe_time(person.created_at)}"
    if person.revoked_at is None:
        return line
    return f"{line}, revoked at {describe_time(person.revoked_at)}"
