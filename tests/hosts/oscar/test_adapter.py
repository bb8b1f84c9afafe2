"""The adapter as a deployment: checked, upon years of rows, again, and off again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engagement_runner import files
from engagement_runner.deploy import adapter, catalog, deploy, removal

from .conftest import Shop
from .test_oscar import MEMBERSHIP, NOVEL, PLACE

ADAPTER = files.root() / files.HOSTS / "oscar.sql"

#: What counts, apart from the clock by which it was recorded.
LEDGER = """
    select
        customer_id, source_id, rule_id, document_id, subject_id, subject_class, quantity, amount,
        points, effective_at, expires_at
    from engagement.award
    where voided_at is null
    order by source_id, rule_id
"""

#: So many products that an index is worth something, each of them on an order of its own.
MANY_ROWS = """
    insert into auth_user (
        username, password, first_name, last_name, email, is_superuser, is_staff, is_active,
        date_joined
    )
    select 'u' || n, '', '', '', '', false, false, true, now() from generate_series(1, 500) n;
    insert into catalogue_product (
        structure, title, slug, date_created, date_updated, is_discountable, is_public, priority,
        description, product_class_id
    )
    select 'standalone', 'P' || n, 'p' || n, now(), now(), true, true, 0, '', p.product_class_id
    from catalogue_product p cross join generate_series(1, 3000) n
    where p.title = 'Novel';
    insert into order_order (
        number, currency, total_incl_tax, total_excl_tax, shipping_incl_tax, shipping_excl_tax,
        shipping_method, shipping_code, status, guest_email, date_placed, analytics_tracked, user_id
    )
    select 'N' || p.id, 'GBP', 1, 1, 0, 0, '', '', '', '', now(), false, u.id
    from catalogue_product p join auth_user u on u.username = 'u' || p.id % 500 + 1;
    insert into order_line (
        order_id, product_id, quantity, line_price_excl_tax, line_price_incl_tax,
        line_price_before_discounts_excl_tax, line_price_before_discounts_incl_tax, status,
        num_allocated, allocation_cancelled, partner_name, partner_sku, partner_line_reference,
        partner_line_notes, title
    )
    select o.id, p.id, 1, 1, 1, 1, 1, '', 0, false, '', '', '', '', p.title
    from order_order o join catalogue_product p on 'N' || p.id = o.number;
    analyze
"""

#: As DEFAULT_AUTO_FIELD was for years: every id is an integer.
INTEGER_IDS = """
do $$
declare
    v_alteration text;
begin
    drop materialized view catalogue_product_category_hierarchy;
    for v_alteration in
        select format('alter table %I ', c.table_name)
               || string_agg(format('alter column %I type integer', c.column_name), ', ')
        from information_schema.columns c
        where c.table_schema = 'public' and c.data_type = 'bigint'
              and c.table_name ~ '^(order|payment|catalogue)_' and c.column_name ~ '(^|_)id$'
        group by c.table_name
    loop
        execute v_alteration;
    end loop;
end $$;
analyze
"""


def pass_years(shop: Shop) -> list[tuple[int, int]]:
    """Do what happens in a shop in its first years; return each user's points."""
    ada, bob, eve = (shop("user", name=name) for name in ("ada", "bob", "eve"))

    def order(user: int | None, *lines: tuple[str, int], on: str) -> int:
        placed: int = shop("order", user=user, lines=lines, on=f"{on}T12:00+00:00")
        shop("debit", order=placed)
        return placed

    kept = order(ada, ("Novel", 2), ("Congress, hall", 3), on="2021-03-01")
    shop("set_order_status", order=kept, status="Being processed")
    shop("ship", order=kept, type="Shipped", quantities=[2, 3])
    shop("ship", order=kept, type="Returned", quantities=[1, 0])
    shop("pay", order=kept, type="Refunded", quantities=[1, 0])
    shop("set_order_status", order=kept, status="Complete")
    shop("set_order_status", order=order(bob, ("Novel", 9), on="2022-03-01"), status="Cancelled")
    shop("refund", order=order(bob, ("Membership", 1), on="2023-03-01"), amount=144)
    shop("give_order", order=order(None, ("Membership", 1), on="2024-03-01"), user=eve)
    order(None, ("Novel", 1), on="2024-04-01")
    shop("price", title="Congress, stream", price=500, currency="EUR")
    order(bob, ("Congress, stream", 1), on="2025-03-01")
    return [(ada, NOVEL + 3 * PLACE), (bob, 10000), (eve, MEMBERSHIP)]


def test_deploy_upon_years_gives_the_ledger_of_scoring_all_along(
    shop: Shop, open_scored: Callable[[str], Shop]
) -> None:
    users = pass_years(shop)
    deploy(shop.session, "oscar")
    shop.make_rules()
    shop.expect(*users)
    early = open_scored("IMMEDIATE")
    assert pass_years(early) == users
    early.expect(*users)
    assert shop.rows(LEDGER) == early.rows(LEDGER) != []


def test_deploy_again_changes_nothing_and_finds_every_table_watched(
    open_scored: Callable[[str], Shop],
) -> None:
    scored = open_scored("DEFERRED")
    attached = "select * from engagement.attached_table order by attachment_id"
    before = scored.rows(attached)
    assert deploy(scored.session, "oscar").steps == []
    assert scored.rows(attached) == before
    assert catalog.check(scored.session) == []


def test_adapter_check_finds_no_problem_but_the_indexes_of_the_header(shop: Shop) -> None:
    pass_years(shop)
    shop.session.execute(MANY_ROWS)

    def findings() -> list[Any]:
        found = adapter.check(shop.session, "oscar", key_count=5, sample_count=0)
        return [each for each in found.findings.records if each["severity"] != "hint"]

    (problem,) = findings()
    assert "subject_id: each key reads the whole of public.catalogue_product" in problem["finding"]
    indexes = re.findall(r"^--\s+(create index .*;)$", ADAPTER.read_text(), re.M)
    assert len(indexes) == 2
    for index in indexes:
        shop.session.execute(index)
    shop.session.execute(INTEGER_IDS)
    assert findings() == []


def test_detached_host_is_migrated_and_scored_anew(
    open_scored: Callable[[str], Shop], migrate: Callable[..., str]
) -> None:
    shop = open_scored("DEFERRED")
    (ada, _), *others = users = pass_years(shop)
    shop.expect(*users)
    removal.detach_host(shop.session)
    triggers = "select tgrelid::regclass::text from pg_trigger where tgname like 'engagement%'"
    assert [table for (table,) in shop.rows(triggers) if not table.startswith("engagement.")] == []
    assert "Unapplying order.0016" in migrate(shop.name, "order", "0015")
    assert "Applying order.0021" in migrate(shop.name)
    order = shop("order", user=ada, lines=[["Novel", 1]], on="2025-04-01T12:00+00:00")
    deploy(shop.session, "oscar")
    shop.session.execute("call engagement.recalculate()")
    shop.expect((ada, 2 * NOVEL + 3 * PLACE), *others)
    shop("delete_order", order=order)
    shop.expect(*users)
