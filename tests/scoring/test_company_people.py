"""Whom a company's points come from, and how many of its people take part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring.host import NOW, Host, Line, instant, refused


@pytest.fixture
def firm(host: Host) -> dict[str, Any]:
    """Ann has worked at Acme ever since, Bob left it for Beta in May, Cid began there in June."""
    host.rule("CAPPED", quantity_score=1)
    host.revise({"cap_points": 5, "cap_period": "YEAR"}, retroactive=True, code="CAPPED")
    host.rule("FADES", amount_score=1)
    host.revise({"half_life_weeks": 4}, retroactive=True, code="FADES")
    host.rule("ENDS", flat_score=7, valid_for_weeks=8)
    acme, beta = host.customer("COMPANY"), host.customer("COMPANY")
    ann, bob, cid, dan = (host.customer() for _ in range(4))
    host.job(ann, acme)
    host.job(bob, acme, "2025-01-01", "2025-04-30")
    host.job(bob, beta, "2025-05-01")
    host.job(cid, acme, "2025-06-01")
    host.job(dan, beta)
    host.job(dan, acme, is_primary=False)
    for person in (ann, bob, cid, dan):
        host.order(person, Line(quantity=3, amount=64), at="2025-03-03 10:00+00")
        host.order(person, Line(quantity=4, amount=16), at="2025-06-10 10:00+00")
    host.order(acme, Line(quantity=1), at="2025-06-01 10:00+00")
    return {"acme": acme, "beta": beta, "ann": ann, "bob": bob, "cid": cid, "dan": dan}


def people(host: Host, company: Any, as_of: str = NOW) -> dict[Any, Any]:
    return {
        row.customer_id: row
        for row in host.named("select * from engagement.company_people(%s, %s)", company, as_of)
    }


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
@pytest.mark.parametrize("company", ["acme", "beta"])
def test_company_people_together_have_its_employee_score(
    host: Host, firm: dict[str, Any], attribution: str, company: str
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    host.proven()
    found = people(host, firm[company])
    stored = host.score(firm[company]).employee_score
    assert stored > 0
    assert sum(row.points for row in found.values()) == stored
    for customer, row in found.items():
        assert row.own_score == host.score(customer).own_score


def test_company_people_are_its_employees_and_who_earned_for_it(
    host: Host, firm: dict[str, Any]
) -> None:
    host.proven()
    # In March: 3 of 5 by the cap, 64 faded to 64 / 2^(14/4), 7 that have ended. In June: 2 of the
    # cap, 16, 7.
    march = Decimal("5.66") + 3
    june = Decimal(2 + 16 + 7)
    assert {c: (r.is_employed, r.points) for c, r in people(host, firm["acme"]).items()} == {
        firm["ann"]: (True, march + june),
        firm["bob"]: (False, march),
        firm["cid"]: (True, june),
        firm["dan"]: (True, 0),
    }
    assert list(people(host, firm["acme"])) == [firm["ann"], firm["cid"], firm["bob"], firm["dan"]]
    assert people(host, firm["acme"])[firm["bob"]].last_earned_at == instant(
        "2025-03-03 10:00+00:00")  # fmt: skip
    assert people(host, firm["acme"])[firm["dan"]].last_earned_at is None


def test_company_people_at_another_instant(host: Host, firm: dict[str, Any]) -> None:
    host.proven()
    found = people(host, firm["acme"], "2025-03-04 00:00+00")
    assert {c: (r.is_employed, r.points) for c, r in found.items()} == {
        firm["ann"]: (True, 3 + 64 + 7),
        firm["bob"]: (True, 3 + 64 + 7),
        firm["cid"]: (False, 0),
        firm["dan"]: (True, 0),
    }


def test_company_people_without_roll_up_earn_nothing_for_it(
    host: Host, firm: dict[str, Any]
) -> None:
    host.set(ROLLUP_EMPLOYEES_TO_EMPLOYER="N")
    host.proven()
    assert {c: r.points for c, r in people(host, firm["acme"]).items()} == {
        firm["ann"]: 0, firm["cid"]: 0, firm["dan"]: 0,
    }  # fmt: skip


def test_company_people_unknown_company_refused(host: Host) -> None:
    with refused("EG001"):
        people(host, 4711)


def test_participation_of_all_companies_is_that_of_each(host: Host, firm: dict[str, Any]) -> None:
    idle = host.customer()
    host.job(idle, firm["beta"])
    host.job(firm["beta"], firm["beta"])  # nobody is of their own people
    host.proven()
    found = {
        row.company_id: row
        for row in host.named("select * from engagement.participation(p_as_of => %s)", NOW)
    }
    assert {c: (r.employee_count, r.engaged_count) for c, r in found.items()} == {
        firm["acme"]: (3, 3), firm["beta"]: (3, 2),
    }  # fmt: skip
    assert found[firm["beta"]].participation_rate == Decimal("0.6667")
    for company, row in found.items():
        assert host.named("select * from engagement.participation(%s, %s)", company, NOW) == [row]
        card = host.card(company)
        for key in ("employee_count", "engaged_count", "participation_rate", "average_score"):
            assert Decimal(str(card[key])) == getattr(row, key), key
