"""verify finds every kind of tampering, and FULL mends it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line, instant, refused

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
    host.band("SOME", from_score=0)
    host.band("MORE", from_score=10)
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
        f"{CUSTOMER} calculated_at = '2024-01-01+00'",
        f"{CUSTOMER} calculated_at = 'infinity'",
        f"{CUSTOMER} calculated_at = '-infinity'",
        f"{CUSTOMER} calculated_at = '290000-01-01+00'",
        f"{CUSTOMER} percentile = 99",
        f"{CUSTOMER} percentile = null",
        f"{CUSTOMER} band_code = 'FORGED'",
        f"{CUSTOMER} band_code = null",
        "update engagement.score_percentile set from_score = from_score + 1",
        "delete from engagement.score_percentile",
        "alter table engagement.score_band disable trigger score_band_audit;"
        " update engagement.score_band set from_score = 1000 where band_code = 'MORE';"
        " alter table engagement.score_band enable trigger score_band_audit",
        f"{CUSTOMER} previous_score = score",
        f"{CUSTOMER} previous_score = 'NaN'",
        f"{CUSTOMER} changed_at = null",
        f"{CUSTOMER} changed_at = 'infinity'",
        f"{CUSTOMER} raised_at = null",
        f"{CUSTOMER} raised_at = '-infinity'",
        f"{CUSTOMER} changed_at = null, raised_at = null",
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
    assert ledger.run(tampering.format(last=everybody(ledger)[-1])) != 0
    assert ledger.verify() != []
    ledger.proven("FULL")
    run = ledger.recalculate("FULL")
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)


@pytest.mark.parametrize("at", ["infinity", "-infinity"])
@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
def test_run_over_an_impossible_instant_mends_it(ledger: Host, mode: str, at: str) -> None:
    customer = everybody(ledger)[0]
    ledger.run(f"{CUSTOMER} calculated_at = %s where customer_id = %s", at, customer)
    assert ledger.verify() == [("instant of the score impossible", customer)]
    ledger.proven(mode)
    assert ledger.score(customer).calculated_at == instant(NOW)


def test_full_computes_rows_of_no_run_s_instant_once(ledger: Host) -> None:
    customer = everybody(ledger)[0]
    ledger.proven(as_of=None)
    ledger.refresh(customer)
    assert ledger.verify() == []
    run = ledger.proven("FULL", as_of=None)
    assert (run.score_count, ledger.score(customer).calculated_at) == (1, run.as_of)
    assert ledger.proven("FULL", as_of=None).score_count == 0
    assert ledger.score(customer).calculated_at == run.as_of


def test_full_puts_right_a_history_that_contradicts_itself(ledger: Host) -> None:
    customer = everybody(ledger)[-1]
    ledger.run("update crm.order_line set quantity = 9 where ship_customer_id = %s", customer)
    ledger.proven()
    before = ledger.score(customer)
    assert before.previous_score is not None
    ledger.run(
        f"{CUSTOMER} previous_score = score, raised_at = null where customer_id = %s", customer
    )
    assert ledger.verify() == [("score history differs", customer)]
    ledger.proven("FULL")
    row = ledger.score(customer)
    assert (row.previous_score, row.changed_at, row.raised_at) == (
        *(None, before.changed_at, before.calculated_at),
    )


def test_verify_ranks_of_refreshed_customers_proven(ledger: Host) -> None:
    ledger.proven(as_of=None)
    for quantity, customer in enumerate(everybody(ledger)):
        ledger.order(customer, Line(quantity=1 + 3 * quantity), at="2025-03-03 10:00+00")
        ledger.refresh(customer)
    ledger.run(  # as if all that had been minutes later
        "update engagement.recalculation_run set started_at = started_at - interval '3 minutes',"
        " finished_at = finished_at - interval '3 minutes'"
    )
    assert ledger.verify() == []
    ledger.run(f"{CUSTOMER} percentile = 98")
    assert {check for check, _ in ledger.verify()} == {"rank differs"}


def test_verify_bands_set_up_since_the_last_run_left_out(ledger: Host) -> None:
    ledger.band("BEST", from_score=11)
    assert ledger.verify() == []
    ledger.run(f"{CUSTOMER} percentile = 98")
    assert ledger.verify() != []  # percentiles have nothing to do with it
    ledger.proven()
    ledger.run("update engagement.score_band set label = 'Best' where band_code = 'BEST'")
    ledger.run(f"{CUSTOMER} band_code = 'SOME'")
    assert ledger.verify() != []


def test_verify_ranks_while_a_run_is_under_way_left_out(ledger: Host) -> None:
    ledger.run("update crm.order_line set quantity = quantity + 20 where quantity = 3")
    ledger.rows("select engagement.begin_run('INCREMENTAL', %s)", NOW)
    (*_, run) = ledger.runs()
    while ledger.runs()[-1].phase != "RANK":
        ledger.rows("select engagement.run_step(%s)", run.run_id)
        assert ledger.verify() == []
    while ledger.one("select engagement.run_step(%s)", run.run_id):
        pass
    assert ledger.verify() == []


def test_verify_ranks_of_a_refresh_during_a_run_left_out(ledger: Host) -> None:
    """It may have gone by the thresholds of before."""
    customer = everybody(ledger)[0]
    ledger.rows("select engagement.begin_run('INCREMENTAL', null)")
    ledger.refresh(customer)
    while ledger.one("select engagement.run_step(%s)", ledger.runs()[-1].run_id):
        pass
    ledger.run(f"{CUSTOMER} percentile = 98 where customer_id = %s", customer)
    assert ledger.verify() == []
    ledger.refresh(customer)
    ledger.run("update engagement.recalculation_run set finished_at = started_at")
    ledger.run(
        f"{CUSTOMER} percentile = 98,"
        " calculated_at = calculated_at + interval '2 minutes' where customer_id = %s",
        customer,
    )
    assert ledger.verify() == [("rank differs", customer)]


@pytest.fixture
def deed(host: Host) -> Host:
    """A source whose quantity is a text in the host, with five activities; all proven."""
    host.rule("DID", engagement_type="SOCIAL_COMMUNITY", effective_when=None, quantity_score=1)
    host.rule(quantity_score=2)
    host.run("create table crm.deed (source_id bigint primary key, customer_id bigint, value text)")
    host.run(
        """
        create view engagement_host.deed as
        select d.source_id::engagement.host_key as source_id,
               null::engagement.host_key as document_id,
               d.customer_id::engagement.host_key as customer_id,
               null::engagement.host_key as employer_id, null::text as subject_id,
               null::text as subject_class, d.value::numeric as quantity, 0::numeric as amount,
               '2025-03-03 10:00+00'::timestamptz as occurred_at, null::timestamptz as ended_at
        from crm.deed d
        """
    )
    host.run("call engagement.register_source('deed', 'SOCIAL_COMMUNITY', null,"
             " 'engagement_host.deed')")  # fmt: skip
    host.run("call engagement.attach_triggers('deed', 'crm.deed', 'source_id')")
    for number in range(1, 6):
        host.run("insert into crm.deed values (%s, %s, '3')", number, host.customer())
    host.order(host.customer(), Line(quantity=3))
    host.proven()
    return host


FOUND = "select check_name, customer_id, source, source_id, left(found, 5) from engagement.verify()"


def test_verify_activities_that_cannot_be_read_named_and_the_rest_proven(deed: Host) -> None:
    people = [key for (key,) in deed.rows("select customer_id from crm.deed order by source_id")]
    deed.run("update crm.deed set value = 'many' where source_id in (2, 5)")
    bad = [("activity cannot be read", people[i - 1], "deed", i, "22P02") for i in (2, 5)]
    for _ in range(2):
        assert sorted(deed.rows(FOUND), key=str) == sorted(bad, key=str)
        deed.recalculate("FULL")
    parts = [row for pair in pairwise([None, *everybody(deed), None])
             for row in deed.rows(f"select * from ({FOUND[:-2]}(%s, %s)) v", *pair)]  # fmt: skip
    assert sorted(parts, key=str) == sorted(bad, key=str)
    # A difference beside them.
    deed.run(f"{AWARD} points = 4 where source = 'deed' and source_id = 3")
    assert ("award differs", people[2]) in deed.verify()
    deed.recalculate("FULL")
    assert sorted(deed.rows(FOUND), key=str) == sorted(bad, key=str)
    deed.run("update crm.deed set value = '4' where value = 'many'")
    deed.proven()


def test_verify_bad_value_without_a_rule_named_too(deed: Host) -> None:
    """What earns can be read alone; the source as a whole cannot."""
    deed.run("select engagement.retire_rule('DID', p_retroactive => true)")
    deed.run("update crm.deed set value = 'many' where source_id = 2")
    deed.recalculate()
    assert {check for check, _ in deed.verify()} <= {"activity cannot be read"}


@pytest.mark.parametrize("is_run", [False, True])
def test_verify_source_whose_view_is_gone_named_whether_or_not_it_waits(
    deed: Host, is_run: bool
) -> None:
    deed.run("alter table crm.deed drop value cascade")
    if is_run:
        assert deed.recalculate("FULL").failed_sources == ["deed"]
    assert [row[:4] for row in deed.rows(FOUND)] == [("source cannot be read", None, "deed", None)]


def test_verify_source_that_the_last_run_could_not_read_named(deed: Host) -> None:
    deed.run(
        "create function crm.fail() returns numeric language plpgsql as"
        " 'begin raise exception using errcode = ''P0001''; end'"
    )
    definition = deed.one("select pg_get_viewdef('engagement_host.deed'::regclass)")
    deed.run(
        "create or replace view engagement_host.deed as "
        + definition.replace("0::numeric AS amount", "crm.fail() AS amount").replace(
            "(0)::numeric AS amount", "crm.fail() AS amount"
        )
    )
    assert deed.recalculate().failed_sources == ["deed"]
    assert deed.rows(FOUND) == [("source cannot be read", None, "deed", None, "P0001")]
    deed.run(f"create or replace view engagement_host.deed as {definition}")
    deed.proven()


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
        "select count(distinct customer_id)"
        " from engagement.verify(p_from => %s, p_sample => 50, p_seed => 1)",
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
