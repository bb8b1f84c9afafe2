"""verify finds every kind of tampering, and FULL mends it."""

from __future__ import annotations

import pytest

from scoring.host import Host, Line

AWARD = "update engagement.award set"
CUSTOMER = "update engagement.customer_score set"


@pytest.fixture
def ledger(host: Host) -> Host:
    """Four people with awards of each source, one of them with a job; all proven."""
    host.rule("ORDERED", quantity_score=2, valid_for_weeks=40)
    host.rule("INVOICED", amount_score="0.1", effective_when="INVOICE_CREATION")
    host.seat_rule()
    company = host.customer("COMPANY")
    people = [host.customer() for _ in range(4)]
    host.job(people[0], company)
    for person in people:
        host.order(person, Line(quantity=3), Line(quantity=1))
        host.invoice(person, Line(amount=50))
        host.seat(person, "2025-01-01")
    host.proven()
    return host


@pytest.mark.parametrize(
    "tampering",
    [
        "delete from engagement.award where points = 6",
        "delete from engagement.award",
        f"{AWARD} points = points + 1 where points = 6",
        f"{AWARD} quantity = 4 where points = 6",
        f"{AWARD} amount = 4 where points = 6",
        f"{AWARD} subject_class = null where points = 6",
        f"{AWARD} subject_id = 'MUG' where points = 6",
        f"{AWARD} document_id = -1 where points = 6",
        f"{AWARD} employer_id = null where employer_id is not null",
        f"{AWARD} effective_at = effective_at - interval '1 microsecond' where points = 6",
        f"{AWARD} expires_at = null where points = 6",
        f"{AWARD} expires_at = expires_at + interval '1 day' where points = 6",
        f"{AWARD} voided_at = recorded_at + interval '1 s', void_reason = 'SOURCE_REMOVED'"
        " where points = 6",
        f"{AWARD} source = 'invoice_line' where points = 6",
        f"{AWARD} source_id = -source_id where points = 6",
        f"{AWARD} customer_id = (select max(customer_id) from crm.customer) where points = 6"
        " and customer_id <> (select max(customer_id) from crm.customer)",
        # The same line, live under somebody else as well.
        "insert into engagement.award select w.customer_id + 1, source_id, document_id,"
        " employer_id, effective_at, expires_at, recorded_at, voided_at, rule_id, source,"
        " subject_id, subject_class, quantity, amount, points, void_reason"
        " from engagement.award w where points = 6",
        # Out of thin air: a line, a source and a rule that do not exist.
        "insert into engagement.award select w.customer_id, -source_id, document_id, employer_id,"
        " effective_at, expires_at, recorded_at, voided_at, rule_id, source, subject_id,"
        " subject_class, quantity, amount, points, void_reason"
        " from engagement.award w where points = 6",
        "insert into engagement.award select w.customer_id, source_id, document_id, employer_id,"
        " effective_at, expires_at, recorded_at, voided_at, rule_id, 'forged', subject_id,"
        " subject_class, quantity, amount, points, void_reason"
        " from engagement.award w where points = 6",
        "insert into engagement.award select w.customer_id, source_id, document_id, employer_id,"
        " effective_at, expires_at, recorded_at, voided_at, 99, source, subject_id,"
        " subject_class, quantity, amount, points, void_reason"
        " from engagement.award w where points = 6",
        f"{CUSTOMER} score = score + 1",
        f"{CUSTOMER} own_score = own_score + 1",
        f"{CUSTOMER} own_score = own_score + 1, score = score + 1",
        f"{CUSTOMER} employee_score = employee_score + 1",
        f"{CUSTOMER} ytd_score = 0 where ytd_score > 0",
        f"{CUSTOMER} overview_score = 0 where overview_score > 0",
        f"{CUSTOMER} employee_ytd_score = 1",
        f"{CUSTOMER} employee_overview_score = 1",
        f"{CUSTOMER} next_change_at = null where next_change_at is not null",
        f"{CUSTOMER} calculated_at = '2030-01-01+00'",
        "update engagement.category_score set score = score + 1",
        "update engagement.category_score set ytd_score = ytd_score + 1",
        "update engagement.category_score set overview_score = overview_score + 1",
        "delete from engagement.category_score where category_code = 'INVOLVEMENT'",
        "insert into engagement.category_score"
        " select customer_id, 'ADJUSTMENT', 0, 0, 0 from engagement.customer_score",
        "insert into engagement.category_score values (-1, 'ADJUSTMENT', 1, 1, 1)",
        "delete from engagement.customer_score",
        "with a as (delete from engagement.customer_score) delete from engagement.category_score",
        "insert into engagement.customer_score (customer_id, score, calculated_at)"
        " values (-1, 1, '2025-06-15 12:00+00')",
    ],
)
def test_verify_tampering_found_and_mended_by_full(ledger: Host, tampering: str) -> None:
    assert ledger.run(tampering) > 0
    assert ledger.verify() != []
    ledger.proven("FULL")
    run = ledger.recalculate("FULL")
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)


def test_verify_names_customer_activity_and_rule(ledger: Host) -> None:
    customer, line, rule = ledger.rows(
        "select customer_id, source_id, rule_id from engagement.award where points = 6 limit 1"
    )[0]
    ledger.run(
        "update engagement.award set points = 7 where source_id = %s and source = 'order_line'",
        line,
    )
    found = ledger.rows(
        "select customer_id, source, source_id, rule_id, expected, found from engagement.verify()"
        " where source_id is not null"
    )
    ((*what, expected, actual),) = found
    assert what == [customer, "order_line", line, rule]
    assert expected != actual and "6.00" in expected and "7" in actual
    assert customer in {who for _, who in ledger.verify()}


def test_verify_finds_writes_that_no_trigger_saw(ledger: Host) -> None:
    with ledger.session.transaction():
        ledger.run("set local session_replication_role = replica")
        ledger.run("update crm.order_line set quantity = quantity + 1")
        ledger.run("delete from crm.committee_member")
    assert len(ledger.verify()) >= 12
    ledger.recalculate()
    assert ledger.verify() != []  # INCREMENTAL is not told either
    ledger.proven("FULL")


def test_verify_leaves_out_what_is_queued_and_nothing_else(ledger: Host) -> None:
    ledger.set(TRIGGER_MODE="DEFERRED")
    lines = [key for (key,) in ledger.rows("select order_line_id from crm.order_line order by 1")]
    ledger.set_line(lines[0], quantity=9)
    assert ledger.verify() == []
    ledger.run("update engagement.award set points = 99 where source_id = %s", lines[-1])
    assert ledger.verify() != []


def test_verify_changes_nothing(ledger: Host) -> None:
    ledger.order(ledger.customer(), Line(amount="NaN"))
    with ledger.unchanged():
        ledger.verify()


def test_ledger_is_never_edited_only_voided(ledger: Host) -> None:
    """After all kinds of changes the record has no gap, no overlap and no edited row."""
    stored = (
        "customer_id, source, source_id, rule_id, recorded_at, points, effective_at, expires_at"
    )
    before = ledger.rows(f"select {stored} from engagement.award")
    ledger.run("update crm.order_line set quantity = quantity + 1")
    ledger.run("update crm.sales_order set order_status = 'CANCELLED'")
    ledger.run("update crm.sales_order set order_status = 'PLACED'")
    ledger.proven()
    ledger.revise({"quantity_score": 5}, retroactive=True, code="ORDERED")
    ledger.set(SCORE_DECIMALS="1", TIME_ZONE="Asia/Tokyo")
    ledger.run("delete from crm.employment")
    ledger.run("truncate crm.committee_member")
    ledger.proven("FULL")
    after = ledger.rows(f"select {stored} from engagement.award")
    assert set(before) <= set(after)
    assert ledger.one("select count(*) from engagement.award where voided_at <= recorded_at") == 0
    assert (
        ledger.one(
            "select count(*) from engagement.award a inner join engagement.award b"
            " using (customer_id, source, source_id, rule_id)"
            " where a.ctid < b.ctid and tstzrange(a.recorded_at, a.voided_at)"
            " && tstzrange(b.recorded_at, b.voided_at)"
        )
        == 0
    )
