"""Tables that are attached to one source several times: by other keys, or to other columns.

An entry lowers the quantity of the entry that it reverses. So a change of an entry concerns two
rows of the view: the one with its own key, and the one with the key that it refers to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import adapter, catalog, deploy, removal
from scoring.fixtures import furnish
from scoring.host import Host, refused
from scoring.test_host_ddl import write_adapter
from scoring.test_registration import attach, register, view

QUEUE = (
    "select activity_column, array(select k from unnest(keys) k order by k)"
    " from engagement.pending_activity where source = 'entry' order by 2"
)
TRIGGERS = (
    "select t.tgname::text from pg_trigger t where t.tgrelid = 'crm.entry'::regclass"
    " and not t.tgisinternal order by t.tgname"
)


class Book:
    """Entries of one customer; every piece that is not reversed earns two points."""

    def __init__(self, host: Host, mode: str, source: str = "entry") -> None:
        self.host = host
        self.mode = mode
        host.rule(quantity_score=2)
        host.set(TRIGGER_MODE=mode)
        host.run(
            "create table crm.entry (entry_id crm.key primary key default crm.new_key(),"
            " reverses_id crm.key, customer_id crm.key, quantity numeric, note text)"
        )
        host.run("create index on crm.entry (reverses_id)")
        host.run("create index on crm.entry (customer_id)")
        host.run(
            "create view engagement_host.entry as"
            " select e.entry_id::engagement.host_key as source_id,"
            " null::engagement.host_key as document_id,"
            " e.customer_id::engagement.host_key as customer_id,"
            " null::engagement.host_key as employer_id, 'X'::text as subject_id,"
            " null::text as subject_class, e.quantity - coalesce((select sum(r.quantity)"
            " from crm.entry r where r.reverses_id = e.entry_id), 0) as quantity,"
            " 0::numeric as amount, '2025-03-03+00'::timestamptz as occurred_at,"
            " null::timestamptz as ended_at from crm.entry e where e.reverses_id is null"
        )
        register(host, source, name="engagement_host.entry")
        attach(host, "crm.entry", "entry_id", source=source)
        attach(host, "crm.entry", "reverses_id", source=source)
        self.customer = host.customer()
        host.proven()

    def enter(self, *quantities: int, reverses: Any = None) -> list[Any]:
        """Entries, in one statement; their keys."""
        values = ", ".join(["(%s, %s, %s)"] * len(quantities))
        arguments = [part for q in quantities for part in (reverses, self.customer, q)]
        return [
            key
            for (key,) in self.host.rows(
                f"insert into crm.entry (reverses_id, customer_id, quantity) values {values}"
                " returning entry_id",
                *arguments,
            )
        ]

    def earns(self, *points: int) -> None:
        """IMMEDIATE: at once. In both modes: after a run, and FULL finds nothing to mend."""
        if self.mode == "IMMEDIATE":
            assert self.host.live(self.customer) == list(points)
        self.host.proven()
        assert self.host.live(self.customer) == list(points)
        run = self.host.proven("FULL")
        assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)
        assert self.host.failures() == []


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"])
def book(request: pytest.FixtureRequest, host: Host) -> Book:
    return Book(host, request.param)


@pytest.fixture(params=["bigint", "uuid", "text"])
def book_of_keys(
    request: pytest.FixtureRequest, deployed_as: Callable[[str], psycopg.Connection[Any]]
) -> Iterator[Callable[[str], Book]]:
    """What makes a book in a trigger mode, where keys are of each type."""
    session = deployed_as(request.param)
    yield lambda mode: Book(furnish(session), mode)


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
def test_two_keys_of_one_table_whole_life(book_of_keys: Callable[[str], Book], mode: str) -> None:
    book = book_of_keys(mode)
    host = book.host
    first, second = book.enter(5, 9)
    book.earns(10, 18)
    (back,) = book.enter(2, reverses=first)
    book.earns(6, 18)
    host.run("update crm.entry set quantity = 3 where entry_id = %s", back)
    book.earns(4, 18)
    # Old and new value: the first gets its pieces back, the second loses them.
    host.run("update crm.entry set reverses_id = %s where entry_id = %s", second, back)
    book.earns(10, 12)
    host.run("update crm.entry set reverses_id = %s where entry_id = %s", first, back)
    book.earns(4, 18)
    # An entry that reverses nothing any more is one of its own, and the other way round.
    host.run("update crm.entry set reverses_id = null where entry_id = %s", back)
    book.earns(6, 10, 18)
    host.run("update crm.entry set reverses_id = %s where entry_id = %s", second, back)
    book.earns(10, 12)
    book.enter(1, 1, reverses=first)
    book.earns(6, 12)
    host.run("delete from crm.entry where reverses_id = %s", first)
    book.earns(10, 12)
    host.run("delete from crm.entry where entry_id in (%s, %s)", first, back)
    book.earns(18)
    host.run("truncate crm.entry")  # only queued, in both modes
    host.proven()
    book.earns()


def test_statement_queues_one_row_for_each_key(book: Book) -> None:
    host = book.host
    (first,) = book.enter(5)
    assert host.rows(QUEUE) == [("source_id", [str(first)])]  # a key that is NULL is none
    (back,) = book.enter(2, reverses=first)
    host.proven()
    host.run("update crm.entry set note = 'of no concern'")
    assert host.rows(QUEUE) == []
    host.run("update crm.entry set quantity = 3 where entry_id = %s", back)
    queued = sorted([[str(first)], [str(back)]])
    assert host.rows(QUEUE) == [("source_id", keys) for keys in queued]
    host.proven()
    (second,) = book.enter(9)
    host.proven()
    host.run("update crm.entry set reverses_id = %s where entry_id = %s", second, back)
    assert sorted(host.rows(QUEUE)) == sorted(
        [("source_id", [str(back)]), ("source_id", sorted([str(first), str(second)]))]
    )


def test_two_keys_after_fifty_calls_in_one_transaction(book: Book) -> None:
    (first,) = book.enter(100)
    with book.host.session.transaction():
        for _ in range(40):
            book.enter(1, reverses=first)
        book.host.run("update crm.entry set quantity = 2 where reverses_id = %s", first)
    book.host.proven()
    assert book.host.live(book.customer) == [40]
    assert book.host.failures() == []


def test_one_key_that_leads_to_two_columns(host: Host) -> None:
    host.run("create table crm.deed (source_id bigint primary key, customer_id bigint, q numeric)")
    host.run("create table crm.fame (customer_id bigint, weight numeric)")
    view(
        host,
        "(select d.*, coalesce(f.weight, 1) as weight from crm.deed d"
        " left join crm.fame f on f.customer_id in (d.customer_id, d.source_id))",
        quantity="q * weight",
    )
    register(host)
    attach(host)
    attach(host, "crm.fame", "customer_id", "customer_id")
    attach(host, "crm.fame", "customer_id", "source_id")
    host.rule(quantity_score=2)
    host.set(TRIGGER_MODE="IMMEDIATE")
    one, other = host.customer(), host.customer()
    host.run("insert into crm.deed values (-1, %s, 3), (-2, %s, 4)", one, other)
    host.run("insert into crm.fame values (%s, 10)", one)
    assert (host.live(one), host.live(other)) == ([60], [8])
    host.run("update crm.fame set customer_id = -2")
    assert (host.live(one), host.live(other)) == ([6], [80])
    host.proven()


# -- what is attached --------------------------------------------------------------------------


def test_attach_again_with_the_same_keys_changes_nothing(book: Book) -> None:
    host = book.host
    oids = (
        "select array_agg(oid order by oid) from pg_trigger where tgrelid = 'crm.entry'::regclass"
    )
    before = host.one(oids)
    with host.unchanged():
        attach(host, "crm.entry", "reverses_id", source="entry")
        attach(host, "crm.entry", "entry_id", source="entry")
    assert host.one(oids) == before
    assert host.one("select count(*) from engagement.attached_table where source = 'entry'") == 2
    assert catalog.check(host.session) == []


def test_table_attached_by_a_key_and_as_settings(book: Book) -> None:
    host = book.host
    attach(host, "crm.entry", "null", source="entry")
    host.proven()
    with host.unchanged():
        attach(host, "crm.entry", " NULL ", source="entry")
    assert host.rows(
        "select key_expression, is_settings from engagement.attached_table"
        " where source = 'entry' order by 1"
    ) == [("entry_id", False), ("null", True), ("reverses_id", False)]
    (first,) = book.enter(5)
    assert sorted(host.rows(QUEUE), key=str) == [("source_id", [str(first)]), (None, [])]
    book.earns(10)


def test_new_key_makes_the_next_run_compare_the_source(book: Book) -> None:
    host = book.host
    attach(host, "crm.entry", "customer_id", "customer_id", source="entry")
    assert host.rows("select source, activity_column from engagement.pending_activity") == [
        ("entry", None)
    ]
    host.proven()
    with host.unchanged():
        attach(host, "crm.entry", "customer_id", "customer_id", source="entry")


def test_names_of_triggers_are_unique_and_short(host: Host) -> None:
    source = "a" * 30
    Book(host, "DEFERRED", source)
    names = [name for (name,) in host.rows(TRIGGERS)]
    assert len(set(names)) == 8
    assert f"engagement_{source}_truncate" in names
    assert max(len(name) for name in names) <= 55


def test_detach_takes_all_attachments_to_the_source_and_no_other(book: Book) -> None:
    host = book.host
    register(host, "other", name="engagement_host.entry")
    attach(host, "crm.entry", "entry_id", source="other")
    attach(host, "crm.entry", "reverses_id", source="other")
    host.proven()
    host.run("call engagement.detach_triggers('entry', 'crm.entry')")
    names = [name for (name,) in host.rows(TRIGGERS)]
    assert len(names) == 8
    assert all(name.startswith("engagement_other_") for name in names)
    with refused("EG008"):
        host.run("call engagement.detach_triggers('entry', 'crm.entry')")
    book.enter(1)
    assert host.rows("select distinct source from engagement.pending_activity") == [("other",)]


def test_unregister_source_takes_all_its_attachments(book: Book) -> None:
    book.host.run("call engagement.unregister_source('entry')")
    assert book.host.rows(TRIGGERS) == []
    assert book.host.rows("select from engagement.attached_table where source = 'entry'") == []


def test_attachment_left_of_two_keeps_its_triggers_when_attached_again(book: Book) -> None:
    """The names with a number stay: no trigger takes the place of another."""
    host = book.host
    host.run(
        "select engagement.drop_capture(attachment_id)"
        " from engagement.attached_table where source = 'entry' and key_expression = 'entry_id'"
    )
    assert len(host.rows(TRIGGERS)) == 4
    with host.unchanged():
        attach(host, "crm.entry", "reverses_id", source="entry")
    attach(host, "crm.entry", "entry_id", source="entry")
    assert len(host.rows(TRIGGERS)) == 8
    host.proven()
    book.enter(3)
    book.earns(6)


# -- what becomes of the table -----------------------------------------------------------------


def test_table_and_keys_renamed_both_are_followed(book: Book) -> None:
    host = book.host
    (first,) = book.enter(5)
    host.proven()
    host.run("alter table crm.entry rename reverses_id to takes_back")
    host.run("alter table crm.entry rename entry_id to posting_id")
    host.run("alter table crm.entry rename to posting")
    stale = [line for line in catalog.check(host.session) if "crm.posting is not as it was" in line]
    assert len(stale) == 1  # one problem of both attachments
    host.proven()
    assert catalog.check(host.session) == []
    back = host.one(
        "insert into crm.posting (takes_back, customer_id, quantity) values (%s, %s, 2)"
        " returning posting_id",
        *(first, book.customer),
    )
    book.earns(6)
    host.run("delete from crm.posting where posting_id = %s", back)
    book.earns(10)


def test_key_column_made_anew_a_call_mends_its_attachment_and_no_other(book: Book) -> None:
    host = book.host
    (first,) = book.enter(5)
    host.proven()
    host.run("drop view engagement_host.entry")
    host.run("alter table crm.entry add takes_back crm.key")
    host.run("update crm.entry set takes_back = reverses_id")
    host.run("alter table crm.entry drop reverses_id")
    host.run("create index on crm.entry (takes_back)")
    host.run(
        "create view engagement_host.entry as"
        " select e.entry_id::engagement.host_key as source_id,"
        " null::engagement.host_key as document_id,"
        " e.customer_id::engagement.host_key as customer_id,"
        " null::engagement.host_key as employer_id, 'X'::text as subject_id,"
        " null::text as subject_class, e.quantity - coalesce((select sum(r.quantity)"
        " from crm.entry r where r.takes_back = e.entry_id), 0) as quantity,"
        " 0::numeric as amount, '2025-03-03+00'::timestamptz as occurred_at,"
        " null::timestamptz as ended_at from crm.entry e where e.takes_back is null"
    )
    assert any("crm.entry has no key reverses_id" in line for line in catalog.check(host.session))
    assert host.recalculate().failed_sources == ["triggers of crm.entry"]
    attach(host, "crm.entry", "takes_back", source="entry")
    assert host.rows(
        "select key_expression from engagement.attached_table where source = 'entry' order by 1"
    ) == [("entry_id",), ("takes_back",)]
    host.proven()
    assert catalog.check(host.session) == []
    host.run(
        "insert into crm.entry (takes_back, customer_id, quantity) values (%s, %s, 2)",
        *(first, book.customer),
    )
    book.earns(6)


def test_trigger_of_one_key_missing_is_named_and_mended(book: Book) -> None:
    host = book.host
    attached = host.one(
        "select attachment_id from engagement.attached_table where key_expression = 'reverses_id'"
    )
    host.run(f"drop trigger engagement_entry__{attached}_update on crm.entry")
    (finding,) = catalog.check(host.session)
    assert "crm.entry has no update trigger (source entry)" in finding
    mend = "call engagement.attach_triggers('entry', 'crm.entry', 'reverses_id', 'source_id');"
    assert mend in finding
    host.run(mend)
    assert catalog.check(host.session) == []
    assert len(host.rows(TRIGGERS)) == 8


def test_inheritance_child_needs_both_keys(book: Book) -> None:
    host = book.host
    host.run("create table crm.entry_child (primary key (entry_id)) inherits (crm.entry)")
    inherits = "table crm.entry_child inherits from crm.entry and has no triggers"
    said = [line for line in catalog.check(host.session) if inherits in line]
    assert len(said) == 2
    attach(host, "crm.entry_child", "entry_id", source="entry")
    (said_still,) = [line for line in catalog.check(host.session) if inherits in line]
    assert "'reverses_id'" in said_still
    attach(host, "crm.entry_child", "reverses_id", source="entry")
    host.proven()
    assert catalog.check(host.session) == []
    (first,) = book.enter(5)
    host.run(
        "insert into crm.entry_child (reverses_id, customer_id, quantity) values (%s, %s, 2)",
        *(first, book.customer),
    )
    book.earns(6)


def test_attached_table_dropped_both_attachments_are_forgotten(book: Book) -> None:
    host = book.host
    host.run("drop view engagement_host.entry; drop table crm.entry")
    gone = [line for line in catalog.check(host.session) if "crm.entry does not exist" in line]
    assert len(gone) == 1
    host.run("call engagement.detach_dropped_tables()")
    assert host.rows("select from engagement.attached_table where source = 'entry'") == []


# -- what a deployment makes of it -------------------------------------------------------------

BEFORE = (
    "call engagement.attach_triggers(\n    p_source => 'invoice_line',\n"
    "    p_table => 'crm.product',"
)
BY_BILL = """call engagement.attach_triggers(
    p_source => 'order_line',
    p_table => 'crm.sales_order',
    p_key_column => 'bill_customer_id',
    p_activity_column => 'customer_id');

"""
ATTACHED = (
    "select source, table_name, key_expression, activity_column, made_by"
    " from engagement.attached_table order by 1, 2, 3, 4"
)
WHOLE = "select source from engagement.pending_activity where activity_column is null"


def test_deploy_with_a_key_more_and_again_without_it(host: Host, tmp_path: Path) -> None:
    before = host.rows(ATTACHED)
    by_hand = ("order_line", "crm.sales_order", "employer_id", "customer_id", "HAND")
    attach(host, "crm.sales_order", "employer_id", "customer_id", "order_line")
    host.proven()
    more = write_adapter(tmp_path / "more.sql", (BEFORE, BY_BILL + BEFORE))
    deploy(host.session, more)
    by_bill = ("order_line", "crm.sales_order", "bill_customer_id", "customer_id", "ADAPTER")
    assert host.rows(ATTACHED) == sorted([*before, by_hand, by_bill])
    assert host.rows(WHOLE) == [("order_line",)]
    host.proven()
    assert catalog.check(host.session) == []
    oids = "select array_agg(oid order by oid) from pg_trigger where not tgisinternal"
    triggers = host.one(oids)
    with host.unchanged():
        deploy(host.session, more)
        adapter.check(host.session, "reference")  # which takes nothing off
    assert host.one(oids) == triggers
    deploy(host.session, "reference")
    assert host.rows(ATTACHED) == sorted([*before, by_hand])
    assert host.count("pending_activity") == 0  # nothing was missed
    assert catalog.check(host.session) == []
    assert host.one(
        "select count(*) from pg_trigger where tgrelid = 'crm.sales_order'::regclass"
        " and not tgisinternal"
    ) == 6  # fmt: skip
    host.rule(quantity_score=2)
    customer = host.customer()
    order = host.order(customer, status="DRAFT")
    host.set_order(order, order_status="PLACED")
    host.proven()
    assert host.live(customer) == [2]


def test_deploy_with_another_key_replaces_the_attachment(host: Host, tmp_path: Path) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    order = host.order(customer)
    host.proven()
    path = write_adapter(tmp_path / "mine.sql", ("=> 'order_line_id'", "=> 'order_line_id + 0'"))
    before = host.rows(ATTACHED)
    adapter.check(host.session, path)
    assert host.rows(ATTACHED) == before
    deploy(host.session, path)
    assert host.rows(
        "select key_expression from engagement.attached_table"
        " where source = 'order_line' and table_name = 'crm.order_line'"
    ) == [("order_line_id + 0",)]
    assert host.rows(WHOLE) == [("order_line",)]
    assert catalog.check(host.session) == []
    host.proven()
    host.set_line(order.line, quantity=4)
    host.proven()
    assert host.live(customer) == [8]


def test_deploy_keeps_what_was_attached_by_hand_for_a_source_of_its_own(
    book: Book, tmp_path: Path
) -> None:
    host = book.host
    before = host.rows(ATTACHED)
    deploy(host.session, write_adapter(tmp_path / "mine.sql", ("Host adapter", "The adapter")))
    assert host.rows(ATTACHED) == before
    assert len(host.rows(TRIGGERS)) == 8
    assert catalog.check(host.session) == []


def test_detach_host_takes_all_attachments(book: Book) -> None:
    removal.detach_host(book.host.session)
    assert book.host.rows(TRIGGERS) == []
    assert book.host.count("attached_table") == 0
    deploy(book.host.session, "reference", "bigint")


def test_adapter_check_looks_at_each_key(host: Host, tmp_path: Path) -> None:
    host.order(host.customer())
    by_header = BY_BILL.replace("bill_customer_id", "order_id").replace(
        "customer_id'", "source_id'"
    )
    path = write_adapter(tmp_path / "mine.sql", (BEFORE, by_header + BEFORE))
    with host.unchanged():
        findings = adapter.check(host.session, path).findings.records
    assert [f["finding"] for f in findings if "none of the keys" in f["finding"]] == [
        "none of the keys of crm.sales_order (order_id) is in source_id"
    ]
    assert [f for f in findings if f["severity"] == "error"] == []
