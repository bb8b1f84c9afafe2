"""Customers who turn out to be one, and two again: the host repoints their lines."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import Host, Line

REPOINTED = (
    ("order_line", "ship_customer_id"),
    ("invoice_line", "ship_customer_id"),
    ("committee_member", "customer_id"),
)

NUMBERS = (
    "select s.customer_id, s.own_score, s.employee_score, s.score, s.ytd_score, s.overview_score,"
    " s.employee_ytd_score, s.employee_overview_score, s.next_change_at, s.percentile, s.band_code,"
    " (select jsonb_object_agg(c.category_code, row(c.score, c.ytd_score, c.overview_score)::text)"
    "  from engagement.category_score c where c.customer_id = s.customer_id)"
    " from engagement.customer_score s order by s.customer_id"
)

LEDGER = (
    "select w.customer_id, w.source, w.source_id, w.rule_id, w.recorded_at, w.points,"
    " w.effective_at, w.expires_at, w.employer_id from engagement.award w"
)


def repoint(host: Host, keys: dict[str, list[Any]], to: Any) -> None:
    """The host gives rows of its tables to another customer."""
    for table, column in REPOINTED:
        host.run(f"update crm.{table} set {column} = %s where {table}_id = any (%s)",
                 to, keys[table])  # fmt: skip


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
@pytest.mark.parametrize("how", ["run", "refresh"])
def test_merged_customers_and_parted_again_have_what_they_had(
    host: Host, mode: str, attribution: str, how: str
) -> None:
    host.set(TRIGGER_MODE=mode, EMPLOYER_ATTRIBUTION=attribution)
    host.rule(quantity_score=1, valid_for_weeks=60)
    host.rule("CAPPED", amount_score=1, cap_points=15, cap_period="MONTH", half_life_weeks=30)
    host.rule("INVOICED", amount_score=1, effective_when="INVOICE_CREATION")
    host.seat_rule(cap_points=40, cap_period="EVER")
    host.band("SOME", from_score=30)
    companies = [host.customer("COMPANY") for _ in range(2)]
    double, kept, other = (host.customer() for _ in range(3))
    for person, company in ((double, companies[0]), (kept, companies[1])):
        host.job(person, company)
        host.order(person, Line(quantity=3, amount=10), Line(quantity=4, amount=2))
        invoice = host.invoice(person, Line(amount=8))
        host.invoice(person, Line(amount=-3), at="2025-04-01+00", reverses=invoice.line)
        host.invoice(person, Line(amount=11))
        host.seat(person, "2025-01-01")
    host.order(other, Line(quantity=1))
    host.proven()
    keys = {
        table: [key for (key,) in host.rows(
            f"select {table}_id from crm.{table} where {column} = %s", double)]
        for table, column in REPOINTED
    }  # fmt: skip
    points = sum(host.live(double)) + sum(host.live(kept))
    apart, ledger = host.rows(NUMBERS), host.rows(LEDGER)
    known_at = host.clock()
    scores = {customer: host.score(customer).own_score for customer in (double, kept)}
    lives = host.one("select count(*) from engagement.award where voided_at is null")

    def settle() -> None:
        if how == "refresh":
            for customer in (double, kept, *companies):
                host.refresh(customer)
        host.proven("FULL" if how == "refresh" else "INCREMENTAL")

    for _ in range(2):
        repoint(host, keys, kept)
        settle()
        assert host.live(double) == []
        assert host.agreed(double) == 0
        # The caps are those of one person now: 15 for the month, 40 for the seats.
        assert len(host.live(kept)) == lives - 1
        assert host.agreed(kept) < sum(scores.values())
        assert sum(host.live(kept)) == points
        repoint(host, keys, double)
        settle()
        assert host.rows(NUMBERS) == apart
        assert host.one("select count(*) from engagement.award where voided_at is null") == lives

    # The history is kept, and answers as it did.
    assert set(ledger) <= set(host.rows(LEDGER))
    assert {*host.reasons(double), *host.reasons(kept)} - {"REVERSED"} == {"SOURCE_REMOVED"}
    for customer, score in scores.items():
        assert host.score_at(customer, known_at=known_at) == score
        assert sum(host.change(customer, known_at, host.clock()).values()) == 0


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
def test_merged_and_parted_between_two_runs(host: Host, mode: str) -> None:
    host.set(TRIGGER_MODE=mode)
    host.rule(quantity_score=1)
    double, kept = host.customer(), host.customer()
    line = host.order(double, Line(quantity=5)).line
    host.order(kept, Line(quantity=7))
    host.proven()
    for customer in (kept, double, kept, double):
        host.set_line(line, ship_customer_id=customer)
    host.proven()
    assert [host.agreed(customer) for customer in (double, kept)] == [5, 7]
    with host.session.transaction():
        for customer in (kept, double, kept):
            host.set_line(line, ship_customer_id=customer)
    host.proven()
    assert [host.agreed(customer) for customer in (double, kept)] == [0, 12]


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
def test_merged_and_the_double_deleted_by_the_host(host: Host, mode: str) -> None:
    host.set(TRIGGER_MODE=mode)
    host.rule(quantity_score=1)
    double, kept = host.customer(), host.customer()
    line = host.order(double, Line(quantity=5)).line
    host.proven()
    host.set_line(line, ship_customer_id=kept)
    host.run("delete from crm.customer where customer_id = %s", double)
    host.proven()
    assert host.agreed(kept) == 5
    assert host.agreed(double) == 0
    assert host.score_at(double, known_at=host.awards(double)[0].recorded_at) == 5
