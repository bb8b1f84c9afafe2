"""Points given and taken by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from scoring.fixtures import furnish
from scoring.host import Host, Line, instant, refused


def adjustment(host: Host) -> dict[str, Any]:
    """The only adjustment."""
    return host.one("select to_jsonb(a) from engagement.score_adjustment a")


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_adjust_gives_and_takes_points(host: Host, trigger_mode: str) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    customer = host.customer()
    host.adjust(customer, 20)
    host.adjust(customer, "-7.5")
    assert host.live(customer) == ([Decimal("-7.5"), 20] if trigger_mode == "IMMEDIATE" else [])
    host.proven(as_of=None)
    assert host.live(customer) == [Decimal("-7.5"), 20]
    assert host.score(customer).score == Decimal("12.5")
    assert host.rows("select category_code, score from engagement.category_score") == [
        ("ADJUSTMENT", Decimal("12.5"))
    ]
    assert host.proven("FULL", as_of=None).award_count == 0


def test_adjust_counts_from_now_on(host: Host) -> None:
    customer = host.customer()
    before = host.one("select clock_timestamp()")
    host.adjust(customer, 20)
    (award,) = host.awards(customer)
    assert before < award.effective_at < host.one("select clock_timestamp()")
    assert host.score_at(customer, before) == 0


def test_adjust_expires(host: Host) -> None:
    customer = host.customer()
    host.adjust(customer, 20, expires_at="2100-01-01 00:00+00")
    host.proven(as_of="2099-12-31 23:59:59+00")
    row = host.score(customer)
    assert (row.score, row.next_change_at) == (20, instant("2100-01-01+00"))
    host.proven(as_of="2100-01-01 00:00:00+00")
    assert host.score(customer).score == 0


def test_adjust_for_ever_is_no_expiry(host: Host) -> None:
    host.adjust(host.customer(), 20, expires_at="infinity")
    assert adjustment(host)["expires_at"] is None


@pytest.mark.parametrize(
    ("points", "awarded"),
    [
        ("0.125", ["0.12"]),
        ("0.135", ["0.14"]),
        ("0.1251", ["0.13"]),
        ("-0.125", ["-0.12"]),
        ("-0.135", ["-0.14"]),
        ("0.005", []),  # a zero is no award
    ],
)
def test_adjust_rounds_half_to_even(host: Host, points: str, awarded: list[str]) -> None:
    customer = host.customer()
    host.adjust(customer, points)
    assert host.live(customer) == [Decimal(p) for p in awarded]
    assert adjustment(host)["points"] == float(points)  # as it was given
    host.proven(as_of=None)


def test_adjust_keeps_who_when_and_why(host: Host) -> None:
    customer = host.customer()
    before = host.one("select clock_timestamp()")
    key = host.adjust(customer, 20, "  Spoke at the gala ")
    row = adjustment(host)
    assert (row["customer_id"], row["source_id"], row["reason"]) == (
        *(customer, key),
        "Spoke at the gala",
    )
    assert row["adjusted_by"] == host.one("select session_user::text")
    assert before < instant(row["adjusted_at"]) < host.one("select clock_timestamp()")
    (award,) = host.awards(customer)
    assert (award.source, award.source_id, award.effective_at) == (
        *("adjustment", key),
        instant(row["adjusted_at"]),
    )


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_adjust_with_keys_of_other_types(deployed_as: Callable[[str], Any], key_type: str) -> None:
    host = furnish(deployed_as(key_type))
    customer = host.customer()
    keys = {str(host.adjust(customer, points)) for points in (1, 2, 3)}
    assert len(keys) == 3
    host.proven(as_of=None)
    assert host.score(customer).score == 6


def test_adjust_somebody_the_host_has_deleted(host: Host) -> None:
    customer = host.customer()
    host.proven(as_of=None)
    host.run("delete from crm.customer where customer_id = %s", customer)
    host.adjust(customer, 5)
    host.proven(as_of=None)
    assert host.score(customer).score == 5


def test_adjust_is_not_raised_recently(host: Host) -> None:
    customer = host.customer()
    host.adjust(customer, 20)
    host.proven(as_of=None)
    assert host.score(customer).score == 20
    now = host.one("select clock_timestamp()::text")
    card = host.card(customer, now)
    assert (card["own_score"], card["raised_recently"]) == (20, False)
    assert (card["raised_by"], card["raised_at"]) == (None, None)
    # What is earned beside it is: by both.
    host.rule(quantity_score=1)
    host.order(customer, Line(quantity=3), at=now)
    assert host.card(customer, now)["raised_recently"] is True


def test_adjust_rolls_up_to_the_employer(host: Host) -> None:
    company, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, company)
    host.adjust(customer, 20)
    host.proven(as_of=None)
    row = host.score(company)
    assert (row.own_score, row.employee_score) == (0, 20)


@pytest.mark.parametrize(
    ("sqlstate", "arguments"),
    [
        ("EG004", {"points": None}),
        ("EG004", {"points": 0}),
        ("EG004", {"points": "0.000"}),
        ("EG004", {"points": "NaN"}),
        ("EG004", {"points": "Infinity"}),
        ("EG004", {"points": "-Infinity"}),
        ("EG004", {"reason": None}),
        ("EG004", {"reason": ""}),
        ("EG004", {"reason": "  "}),
        ("EG004", {"expires_at": "2025-01-01"}),
        ("EG004", {"expires_at": "-infinity"}),
        ("EG001", {"customer": -1}),
        ("EG001", {"customer": None}),
    ],
)
def test_adjust_bad_input_refused(host: Host, sqlstate: str, arguments: dict[str, Any]) -> None:
    arguments = {"customer": host.customer(), "points": 5, **arguments}
    with host.unchanged(), refused(sqlstate):
        host.adjust(**arguments)


def test_adjust_without_a_host_refused(host: Host) -> None:
    customer = host.customer()
    host.run("call engagement.detach_host()")
    with host.unchanged(), refused("EG006"):
        host.adjust(customer, 5)


def test_adjust_erased_by_retiring_its_rule_retroactively(host: Host) -> None:
    customer = host.customer()
    host.adjust(customer, 20)
    host.proven(as_of=None)
    host.retire(code="ADJUSTMENT")
    host.proven(as_of=None)
    assert host.score(customer).score == 20  # what was given runs its course
    host.adjust(customer, 5)
    assert host.live(customer) == [20]
    host.retire(retroactive=True, code="ADJUSTMENT")
    host.proven(as_of=None)
    assert (host.score(customer).score, host.reasons(customer)) == (0, ["RULE_CHANGED"])
    assert host.count("score_adjustment") == 2  # who and why stay


def test_adjust_while_scoring_is_switched_off_counts_afterwards(host: Host) -> None:
    customer = host.customer()
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="N")
    host.adjust(customer, 20)
    assert host.live(customer) == []
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="Y")
    host.proven(as_of=None)
    assert host.score(customer).score == 20
