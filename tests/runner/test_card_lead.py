"""What leads a score card: its numbers are those of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from engagement_runner import queries
from scoring.fixtures import furnish
from scoring.host import Host, Line

Connection = psycopg.Connection[Any]
AS_OF = "2025-06-30 12:00+00"


@pytest.fixture
def host(deployed: Connection) -> Host:
    """An association that buys and sits on committees."""
    return furnish(deployed)


def lead(host: Host, customer: Any, as_of: str = AS_OF) -> dict[str, Any]:
    """The record of the query."""
    found = queries.record(host.session, "card_lead", customer=customer, as_of=as_of)
    assert found is not None
    return found


def reasons(found: dict[str, Any]) -> dict[Any, Decimal]:
    """Points by rule, or by what it is instead."""
    return {r["rule_code"] or r["description"]: Decimal(str(r["points"])) for r in found["reasons"]}


def test_lead_is_the_change_its_reasons_and_what_ends_next(host: Host) -> None:
    host.rule(quantity_score=2, valid_for_weeks=8)
    host.seat_rule(flat_score=30)
    customer = host.customer()
    host.order(customer, Line(quantity=5), at="2025-05-01 10:00")  # ends on 26 June
    host.order(customer, Line(quantity=1), at="2025-06-20 10:00")
    host.seat(customer, "2025-06-10", "2025-12-31")
    host.recalculate(as_of=AS_OF)
    found = lead(host, customer)
    assert found["points"] == 22
    assert found["points"] == host.score_at(customer, AS_OF) - host.score_at(
        customer, found["since"]
    )
    assert reasons(found) == {"SEAT": 30, "BOUGHT": -8}
    end = found["next_end"]
    assert (end["rule_code"], end["points"], end["award_count"]) == ("BOUGHT", 2, 1)
    assert end["expires_at"].startswith("2025-08-15")


def test_lead_of_a_company_has_its_people_as_a_reason(host: Host) -> None:
    host.rule(quantity_score=2)
    company, person = host.customer("COMPANY"), host.customer()
    host.job(person, company)
    host.order(person, Line(quantity=5), at="2025-06-20 10:00")
    host.order(company, Line(quantity=1), at="2025-06-21 10:00")
    host.recalculate(as_of=AS_OF)
    found = lead(host, company)
    assert (found["points"], reasons(found)) == (12, {"Its people": 10, "BOUGHT": 2})
    assert found["next_end"] is None


def test_lead_says_what_limits_let_through(host: Host) -> None:
    host.rule(quantity_score=2)
    host.rule("ELSE", quantity_score=1, category_code="SOCIAL_COMMUNITY")
    host.category("SOCIAL_COMMUNITY", counts_in_total=False)
    host.set(TOTAL_CAP="7")
    customer = host.customer()
    host.order(customer, Line(quantity=5), at="2025-06-20 10:00")
    host.recalculate(as_of=AS_OF)
    found = lead(host, customer)
    assert found["points"] == 7
    assert reasons(found) == {"BOUGHT": 10, "Limits of the score": -3}


def test_lead_of_nobody_who_did_anything_is_nothing(host: Host) -> None:
    customer = host.customer()
    host.recalculate(as_of=AS_OF)
    found = lead(host, customer)
    assert (found["points"], found["reasons"], found["next_end"]) == (0, [], None)


def test_card_of_another_instant_has_the_peoples_points_of_then(
    host: Host, engagement: Callable[..., Any]
) -> None:
    host.rule(quantity_score=2)
    company, person = host.customer("COMPANY"), host.customer()
    host.job(person, company)
    host.order(person, Line(quantity=5), at="2025-06-20 10:00")
    host.order(person, Line(quantity=7), at="2025-08-20 10:00")
    host.recalculate(as_of=None)
    assert host.one("select engagement.score_card(%s)", company)["employee_score"] == 24
    card = host.card(company, AS_OF)
    assert (card["score"], card["employee_score"]) == (10, 10)
    assert sum(category["employee_score"] for category in card["categories"]) == 10
    text = engagement(host.session, "score", str(company), "--as-of", AS_OF).stdout
    score = next(line for line in text.splitlines() if line.startswith("Score"))
    assert score.split() == ["Score", "10.00"]


@pytest.mark.parametrize("employer_type", ["COMPANY", "INDIVIDUAL"])
def test_card_of_another_instant_has_every_figure_of_then(host: Host, employer_type: str) -> None:
    host.rule(quantity_score=2)
    employer, person = host.customer(employer_type), host.customer()
    host.job(person, employer)
    host.order(person, Line(quantity=5), at="2025-06-20 10:00")
    host.order(person, Line(quantity=7), at="2025-08-20 10:00")
    host.recalculate(as_of=None)
    now = host.one("select engagement.score_card(%s)", employer)
    card = host.card(employer, AS_OF)
    for found, points in ((now, 24), (card, 10)):
        assert (found["score"], found["employee_score"]) == (points, points)
        assert sum(category["employee_score"] for category in found["categories"]) == points
    if employer_type == "COMPANY":
        assert (card["employee_ytd_score"], card["employee_overview_score"]) == (10, 10)
        assert (now["average_score"], card["average_score"]) == (24, 10)
