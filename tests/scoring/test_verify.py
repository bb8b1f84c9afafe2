"""verify finds every kind of tampering, and FULL mends it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from scoring.fixtures import furnish
from scoring.host import Host, Line, refused

AWARD = "update engagement.award set"
CUSTOMER = "update engagement.customer_score set"
#: Awards under another customer, `{last}`. A cluster refuses to update where a row belongs.
MOVE = (
    "with moved as (delete from engagement.award where customer_id <> '{{last}}' and points = {}"
    " returning *) insert into engagement.award select '{{last}}', source_id, document_id,"
    " employer_id, effective_at, expires_at, recorded_at, voided_at, rule_id, source, subject_id,"
    " subject_class, quantity, amount, points, void_reason from moved"
)


@pytest.fixture
def ledger(host: Host) -> Host:
    """Four people with awards of each source, one of them with a job; all proven."""
    return fill(host)


def everybody(host: Host) -> list[Any]:
    """Keys of all customers, in order."""
    return [key for (key,) in host.rows("select customer_id from crm.customer order by 1")]


def fill(host: Host) -> Host:
    """The ledger of the fixture."""
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
        f"{AWARD} effective_at = '2025-01-01 00:00:00.000001+00' where points = 6",
        f"{AWARD} expires_at = null where points = 6",
        f"{AWARD} expires_at = '2025-12-31+00' where points = 6",
        f"{AWARD} voided_at = now(), void_reason = 'SOURCE_REMOVED' where points = 6",
        f"{AWARD} source = 'invoice_line' where points = 6",
        f"{AWARD} source_id = -source_id where points = 6",
        MOVE.format(6),
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
    assert ledger.run(tampering.format(last=everybody(ledger)[-1])) > 0
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


def test_verify_looks_up_what_is_queued_and_reads_nothing_else_for_it(host: Host) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, *[Line(quantity=1)] * 3000)
    host.proven()
    host.run("analyze engagement.award")
    assert (
        host.run(
            "update crm.order_line set quantity = 2"
            " where order_line_id in (select order_line_id from crm.order_line limit 300)"
        )
        == 300
    )
    read = (
        "select (select seq_tup_read from pg_stat_user_tables where relid = t.oid)"
        " + (select sum(idx_tup_read) from pg_stat_user_indexes where relid = t.oid)"
        " from (select 'engagement.award'::regclass as oid) t"
    )
    host.rows("select pg_stat_force_next_flush()")
    before = host.one(read)
    assert host.one("select count(*) from unnest(engagement.queued_customers())") == 1
    host.rows("select pg_stat_force_next_flush()")
    assert host.one(read) - before <= 2 * 300


# -- by parts ----------------------------------------------------------------------------------

#: A difference of every kind, each of some of the customers.
DIFFERENCES = (
    "delete from engagement.award where points = 6",
    f"{AWARD} points = 4 where source = 'invoice_line'",
    f"{AWARD} rule_id = 99 where source = 'committee_seat'",
    MOVE.format(2),
    "insert into engagement.award select '{first}', source_id, document_id, employer_id,"
    " effective_at, expires_at, recorded_at, voided_at, rule_id, source, subject_id, subject_class,"
    " quantity, amount, points, void_reason from engagement.award w"
    " where points = 4 and customer_id <> '{first}'",
    f"{CUSTOMER} score = score + 1",
    "update engagement.category_score set score = score + 1",
    "delete from engagement.customer_score where customer_id = '{last}'",
)

VERIFY = "select * from engagement.verify(p_from => %s, p_to => %s) order by 1, 2, 3, 4, 5, 6, 7"


@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_verify_ranges_find_every_difference_exactly_once(
    deployed_as: Callable[[str], Any], key_type: str
) -> None:
    host = fill(furnish(deployed_as(key_type)))
    keys = everybody(host)
    for difference in DIFFERENCES:
        assert host.run(difference.format(first=keys[0], last=keys[-1])) > 0
    everything = host.rows(VERIFY, None, None)
    assert {row[0] for row in everything} == {
        *("award missing", "award without activity", "award differs", "award of an unknown rule"),
        *("activity live under two customers", "customer score differs", "category score differs"),
        *("score missing", "score of nobody"),
    }
    for bounds in ([None, keys[2], None], [None, *keys, None]):
        parts = [row for begin, end in pairwise(bounds) for row in host.rows(VERIFY, begin, end)]
        assert sorted(map(str, parts)) == sorted(map(str, everything))
    for begin, end in pairwise(keys):
        assert {row[1] for row in host.rows(VERIFY, begin, end)} <= {begin}


@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_verify_sample_finds_what_is_in_it(
    deployed_as: Callable[[str], Any], key_type: str
) -> None:
    host = furnish(deployed_as(key_type))
    host.rule(quantity_score=1)
    host.run(
        "insert into crm.customer (display_name) select 'Somebody' from generate_series(1, 200)"
    )
    host.proven()
    assert host.run(f"{CUSTOMER} score = score + 1") == 200

    def sample(percent: Any, seed: int) -> set[Any]:
        return {
            customer
            for (customer,) in host.rows(
                "select customer_id from engagement.verify(p_sample => %s, p_seed => %s)",
                *(percent, seed),
            )
        }

    all_of_them = set(everybody(host))
    assert sample(100, 0) == sample(None, 0) == all_of_them
    halves = [sample(50, seed) for seed in range(4)]
    assert all(60 < len(half) < 140 for half in halves)
    assert len(set(map(frozenset, halves))) == 4
    assert set.union(*halves) != halves[0]
    assert sample(50, 1) == halves[1]  # the same seed chooses the same customers
    assert sample(5, 1) < sample("20.5", 1) < halves[1]
    assert host.one(
        "select count(*) from engagement.verify(p_from => %s, p_sample => 50, p_seed => 1)",
        max(all_of_them),
    ) == (max(all_of_them) in halves[1])
    chosen = max(halves[1])
    host.run(f"{CUSTOMER} score = score - 1 where customer_id <> %s", chosen)
    assert sample(50, 1) == {chosen}
    assert sum(chosen in half for half in halves) == sum(len(sample(50, seed)) for seed in range(4))


def test_verify_of_a_part_changes_nothing(ledger: Host) -> None:
    with ledger.unchanged():
        for arguments in ("1", "null, 5", "p_sample => 10", "1, 5, 50, 7"):
            ledger.rows(f"select * from engagement.verify({arguments})")


@pytest.mark.parametrize(
    "arguments",
    [
        "5, 5",
        "5, 4",
        "p_sample => 0",
        "p_sample => -1",
        "p_sample => 100.01",
        "p_sample => 'NaN'",
        "p_sample => 'Infinity'",
        "p_sample => 50, p_seed => null",
    ],
)
def test_verify_of_a_part_that_is_none_refused(ledger: Host, arguments: str) -> None:
    with refused("EG004"):
        ledger.rows(f"select * from engagement.verify({arguments})")
