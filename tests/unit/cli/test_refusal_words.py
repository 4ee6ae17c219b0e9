"""Check that a refusal with facts that have changed is broken into lines."""

from typing import Any

from agent.cli.failures import in_words
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Invalid

HEAD = "nothing was done, because the plan rests on what has changed"
AGAIN = "dsm orchestrate SHOP decides again"


def refusal(*facts: str, rest: str = "") -> PeerRefused:
    changes = [
        dict(zip(("what", "proposed", "now"), (what, *states.split(" -> ")), strict=True))
        for what, states in (fact.split(": ") for fact in facts)
    ]
    detail = f"{HEAD}: {'; '.join(facts)}{rest}; {AGAIN}"
    problem: dict[str, Any] = {"code": "plan_changed", "detail": detail, "changes": changes}
    return PeerRefused("orchestrator", 409, problem)


def test_each_changed_fact_has_a_line_of_its_own() -> None:
    facts = "days of work: 10 -> 9", "open tasks: 12 -> 14"
    words = in_words(refusal(*facts, rest=" and 3 more")).splitlines()
    assert words == [f"{HEAD}:", f"  {facts[0]}", f"  {facts[1]} and 3 more", AGAIN]
    assert in_words(refusal(facts[0])).splitlines() == [f"{HEAD}:", f"  {facts[0]}", AGAIN]


def test_any_other_refusal_stays_as_it_is() -> None:
    assert in_words(Invalid("no step 4; its steps are 0 to 2")) == "no step 4; its steps are 0 to 2"
    assert in_words(PeerRefused("backlog", 409, {"detail": "a; b"})) == "a; b"
