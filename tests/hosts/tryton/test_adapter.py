"""The adapter as a deployment: upon years of rows, beside a role without rights, and off again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engagement_runner import files
from engagement_runner.deploy import catalog, deploy, removal
from engagement_runner.embedded import EmbeddedServer

from .conftest import HOST_ROLE, YEAR, Tryton, day

Connection = psycopg.Connection[Any]
ADAPTER = files.root() / files.HOSTS / "tryton.sql"

#: What counts, apart from the clock by which it was recorded (or a seat was taken).
LEDGER = """
    select
        customer_id, source, source_id, rule_id, document_id, employer_id, subject_id,
        subject_class, quantity, amount, points, expires_at,
        case when source <> 'committee_seat' then effective_at end
    from engagement.award
    where voided_at is null
    order by source, source_id, rule_id
"""

#: Five hundred products, each ten times on a sale, an invoice and a subscription.
MANY_ROWS = """
    insert into product_template (name, type, default_uom)
    select t.name, t.type, t.default_uom
    from (select * from product_template limit 1) t
    cross join generate_series(1, 500);
    insert into product_product (template)
    select t.id from product_template t
    where t.id not in (select p.template from product_product p);
    insert into sale_line (sale, type, product)
    select s.id, 'line', p.id
    from (select * from sale_sale limit 1) s, product_product p, generate_series(1, 10);
    insert into account_invoice_line (invoice, company, currency, type, product)
    select i.id, i.company, i.currency, 'line', p.id
    from (select * from account_invoice limit 1) i, product_product p, generate_series(1, 10);
    insert into sale_subscription_service (product)
    select p.id from product_product p;
    insert into sale_subscription_line (subscription, service, start_date, unit)
    select l.subscription, v.id, l.start_date, l.unit
    from (select * from sale_subscription_line limit 1) l, sale_subscription_service v,
         generate_series(1, 10);
    insert into party_category (name)
    select 'Category ' || n from generate_series(1, 500) n;
    insert into "party_party-party_category" (party, category)
    select p.id, c.id from (select * from party_party limit 10) p, party_category c;
    analyze
"""


@pytest.fixture
def warnings(tryton: Tryton) -> list[str]:
    """Warnings that the superuser's session gets."""
    caught: list[str] = []
    tryton.session.add_notice_handler(
        lambda notice: caught.append(f"{notice.message_primary}: {notice.message_detail}")
    )
    return caught


@pytest.fixture
def schema_of(server: EmbeddedServer) -> Callable[[Connection], str]:
    """``schema_of(session)``: the schema of the database, without what differs by chance."""

    def get(session: Connection) -> str:
        database = f"--dbname={server.dsn(session.info.dbname)}"
        dump = server.run("pg_dump", "--schema-only", database)
        return re.sub(r"^\\(un)?restrict .*\n", "", dump, flags=re.M)

    return get


def live_years(tryton: Tryton) -> dict[int, int]:
    """Do what an organisation does in its first years; return each party's points."""
    ada, bob, acme = (tryton("party", name=name) for name in ("Ada", "Bob", "Acme"))
    tryton("employ", person=ada, company=acme, start=f"{YEAR}-01-01")
    tryton("employ", person=bob, company=acme, start=f"{YEAR}-01-01", on_companys_form=True)
    tryton("join", person=bob, category="Board")
    sales = [
        tryton("sell", party=ada, lines=[["Event", 1], ["Book", 2]], on=day(2, 1)),
        tryton("sell", party=bob, lines=[["Event", 2]], on=day(2, 2)),
        tryton("sell", party=ada, lines=[["Book", 1]], on=day(2, 3)),
    ]
    invoices = [tryton("invoice_of", sale=sale) for sale in sales]
    for invoice, date in zip(invoices, (day(2, 1), day(2, 2), day(2, 3)), strict=True):
        tryton("set_invoice_date", invoice=invoice, on=date)
        tryton("post", invoice=invoice)
    tryton("credit", invoice=invoices[1], with_refund=True)
    tryton("pay", invoice=invoices[0])
    back = tryton("give_back", sale=sales[2])
    tryton("quote", sale=back)
    tryton("confirm", sale=back)
    draft = tryton("sale", party=ada, lines=[["Event", 9]], on=day(2, 4))
    tryton("quote", sale=draft)
    membership = tryton("subscription", party=acme, start=day(1, 1))
    tryton("click_subscription", subscription=membership, buttons=["quote", "run"])
    return {ada: 10000 + 45 + 16 + 450 + 160 + 80, bob: 2 * 10045 + 1000000, acme: 12}


def test_deploy_upon_years_of_rows_scores_them_by_one_full_run(tryton: Tryton) -> None:
    own = live_years(tryton)
    ada, bob, acme = own
    deploy(tryton.session, "tryton")
    tryton.make_rules()
    tryton.expect(own, {acme: own[ada] + own[bob]})


def test_deploy_before_the_same_years_gives_the_same_ledger(
    open_tryton: Callable[[], Tryton], open_scored: Callable[[str], Tryton]
) -> None:
    early, late = open_scored("IMMEDIATE by superuser"), open_tryton()
    own = live_years(early)
    assert live_years(late) == own
    deploy(late.session, "tryton")
    late.make_rules()
    early.expect(own)
    assert early.rows(LEDGER) == late.rows(LEDGER) != []


def test_deploy_finds_every_table_watched(tryton: Tryton) -> None:
    deploy(tryton.session, "tryton")
    assert catalog.check(tryton.session) == []


def test_deploy_with_the_indexes_of_the_header_warns_of_nothing(
    tryton: Tryton, warnings: list[str]
) -> None:
    indexes = re.findall(r"^--\s+(create index .*;)$", ADAPTER.read_text(), re.M)
    assert indexes
    for index in indexes:
        tryton.session.execute(index.encode())
    # Of tables without rows the planner may read all as well.
    ada = tryton("party", name="Ada")
    tryton("sell", party=ada, lines=[["Book", 1]], on=day(3, 1))
    tryton("subscription", party=ada, start=day(1, 1))
    tryton.session.execute(MANY_ROWS)
    deploy(tryton.session, "tryton")
    assert warnings == []


def test_deploy_without_these_indexes_looks_no_key_up_by_reading_all_lines(
    tryton: Tryton, warnings: list[str]
) -> None:
    deploy(tryton.session, "tryton")
    assert [line for line in warnings if "by subject_id" not in line] == []
    # And the others are what the header promises indexes for.
    assert {line.rpartition(" ")[2] for line in warnings} <= {
        "public.sale_line",
        "public.account_invoice_line",
        "public.sale_subscription",
        'public."party_party-party_category"',
    }


def test_hosts_role_writes_without_a_right_on_the_package(scored: Tryton) -> None:
    rights = f"""
        select n.nspname
        from pg_namespace n
        where n.nspname like 'engagement%'
              and has_schema_privilege('{HOST_ROLE}', n.oid, 'usage, create')
        union all
        select p.oid::regprocedure::text
        from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace
              and has_function_privilege('{HOST_ROLE}', p.oid, 'execute')
        union all
        select c.oid::regclass::text
        from pg_class c
        where c.relnamespace::regnamespace::text like 'engagement%' and c.relkind in ('r', 'v')
              and has_table_privilege('{HOST_ROLE}', c.oid, 'select, insert, update, delete')
    """
    assert scored.rows(rights) == []
    ada = scored("party", name="Ada")
    scored("sell", party=ada, lines=[["Book", 1]], on=day(3, 1))
    scored.expect({ada: 8})


def test_detach_leaves_the_host_as_it_was(
    tryton: Tryton, schema_of: Callable[[Connection], str]
) -> None:
    before = schema_of(tryton.session)
    deploy(tryton.session, "tryton")
    removal.detach_host(tryton.session)
    triggers = "select tgrelid::regclass from pg_trigger where tgname like 'engagement%'"
    assert [t for (t,) in tryton.rows(triggers) if not t.startswith("engagement.")] == []
    ada = tryton("party", name="Ada")
    tryton("sell", party=ada, lines=[["Book", 1]], on=day(3, 1))
    removal.undeploy(tryton.session)
    assert schema_of(tryton.session) == before
