"""`engagement check` finds nothing after a deployment, and names each defect made on purpose."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import catalog

Connection = psycopg.Connection[Any]


def test_check_after_deployment_finds_nothing(deployed: Connection) -> None:
    assert catalog.check(deployed) == []
    assert catalog.status(deployed).exit_code == 0


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_check_after_deployment_with_other_keys_finds_nothing(
    deployed_as: Any, key_type: str
) -> None:
    assert catalog.check(deployed_as(key_type)) == []


def test_check_after_parameter_change_finds_nothing(deployed: Connection) -> None:
    deployed.execute("select engagement.set_parameter('YTD_START_MONTH', '7')")
    assert catalog.check(deployed) == []


@pytest.mark.parametrize(
    ("defect", "named"),
    [
        ("drop function engagement.export_rules()", "engagement.export_rules() is missing"),
        ("drop function engagement.parameter(text) cascade", "engagement.parameter is missing"),
        (
            "alter function engagement.get_parameter(text) set search_path = public",
            "engagement.get_parameter(p_parameter_name text) was changed",
        ),
        (
            "create function engagement.mine() returns integer language sql as 'select 1';"
            " revoke all on function engagement.mine() from public",
            "engagement.mine() is declared by no file",
        ),
        ("grant execute on function engagement.export_rules() to public", "export_rules() is exec"),
        (
            "update pg_index set indisvalid = false"
            " where indexrelid = 'engagement.award_customer'::regclass",
            "engagement.award_customer is invalid",
        ),
        (
            "update engagement.app_parameter set parameter_value = '0'"
            " where parameter_name = 'SCORE_DECIMALS'",
            "SCORE_DECIMALS is 0 in engagement.app_parameter, but 2 is in force: engagement params"
            " set SCORE_DECIMALS 2",
        ),
        ("drop index engagement.award_customer", "engagement.award_customer is missing"),
        (
            "alter table crm.order_line disable trigger engagement_order_line_insert",
            "trigger engagement_order_line_insert is disabled",
        ),
        (
            "drop trigger engagement_order_line_update on crm.order_line",
            "crm.order_line has no update trigger (source order_line)",
        ),
        (
            "drop function engagement.activities_of_keys__order_line(text, text[], integer)",
            "engagement.activities_of_keys__order_line is missing (source order_line)",
        ),
        ("drop function engagement.capture__1() cascade", "engagement.capture__1 is missing"),
        (
            "alter function engagement.capture__1() security invoker",
            "engagement.capture__1 is not security definer",
        ),
        (
            "alter function engagement.activities_of_keys__order_line(text, text[], integer)"
            " reset search_path",
            "engagement.activities_of_keys__order_line has no pinned search_path",
        ),
        (
            "create or replace function engagement.capture__1() returns trigger language plpgsql"
            " security definer set search_path = pg_catalog, pg_temp set lock_timeout = '50ms'"
            " as 'begin return null; end'",
            "engagement.capture__1 was changed since it was deployed",
        ),
        (
            "grant execute on function engagement.capture__1() to public",
            "engagement.capture__1() is executable by PUBLIC",
        ),
        ("alter table crm.committee rename to board", "crm.board is not as it was when"),
        (
            "call engagement.detach_triggers('invoice_line', 'crm.invoice')",
            "crm.invoice is read by source invoice_line",
        ),
        (
            "call engagement.detach_triggers('employment', 'crm.employment')",
            "crm.employment is read by source employment",
        ),
    ],
)
def test_check_with_a_defect_names_it(deployed: Connection, defect: str, named: str) -> None:
    deployed.execute(defect.encode())
    assert any(named in finding for finding in catalog.check(deployed)), catalog.check(deployed)


def test_check_after_registering_by_hand_finds_nothing(deployed: Connection) -> None:
    deployed.execute(
        """
        create view engagement_host.gift as select * from engagement_host.order_line;
        call engagement.register_source(
            'gift', 'PRODUCT_PURCHASE', 'ORDER_CREATION', 'engagement_host.gift');
        call engagement.attach_triggers('gift', 'crm.order_line', 'order_line_id');
        call engagement.attach_triggers('gift', 'crm.sales_order', 'order_id', 'document_id');
        call engagement.attach_triggers('gift', 'crm.product', 'product_id', 'subject_id');
        """
    )
    assert catalog.check(deployed) == []
    # Again over another view: generated anew, and rightly so.
    deployed.execute(
        """
        create view engagement_host.order_again as select * from engagement_host.order_line;
        call engagement.register_source(
            'order_line', 'PRODUCT_PURCHASE', 'ORDER_CREATION', 'engagement_host.order_again')
        """
    )
    assert catalog.check(deployed) == []
    deployed.execute(
        "drop function engagement.sync_awards__gift(text, text[], timestamptz, boolean, integer)"
    )
    assert catalog.check(deployed) == [
        "generated routine engagement.sync_awards__gift is missing (source gift)"
    ]


def test_check_names_a_source_whose_view_fails_only_when_it_is_read(
    deployed: Connection,
) -> None:
    deployed.execute(
        """
        create function crm.doubled(p_quantity numeric) returns numeric
        language plpgsql as 'begin return p_quantity * factor from crm.setting; end';
        do $$ begin
            execute replace(
                'create or replace view engagement_host.order_line as '
                || pg_get_viewdef('engagement_host.order_line'),
                ' l.quantity,', ' crm.doubled(l.quantity) as quantity,');
        end $$;
        insert into crm.customer (customer_id, display_name) overriding system value
        values (1, 'Ann');
        insert into crm.product values ('BOOK', null, 'Book');
        insert into crm.sales_order (order_id, ordered_at) overriding system value
        values (1, now());
        insert into crm.order_line (order_id, ship_customer_id, product_id) values (1, 1, 'BOOK');
        """
    )
    deployed.execute("call engagement.recalculate()")
    (finding,) = [line for line in catalog.check(deployed) if "could not read" in line]
    assert 'source order_line: 42P01 relation "crm.setting" does not exist' in finding
    assert "engagement recalculate" in finding
    deployed.execute("create table crm.setting as select 2 as factor")
    deployed.execute("call engagement.recalculate()")
    assert not [line for line in catalog.check(deployed) if "could not read" in line]


def test_check_names_a_view_that_is_gone_once(deployed: Connection) -> None:
    deployed.execute("alter table crm.order_line drop amount cascade")
    deployed.execute("call engagement.recalculate()")
    assert len([line for line in catalog.check(deployed) if "source order_line" in line]) == 1


def test_check_follows_views_below_the_activity_view(deployed: Connection) -> None:
    deployed.execute(
        """
        create table crm.region (region_id integer);
        create view crm.region_view as select region_id from crm.region;
        create view crm.wide as select count(*) as region_count from crm.region_view;
        create or replace view engagement_host.customer as
        select c.customer_id::engagement.host_key as customer_id, c.customer_type, c.display_name,
               c.is_active and (select region_count from crm.wide) >= 0 as is_active
        from crm.customer c
        """
    )
    assert "table crm.region is read by source customer and has no triggers for it" in (
        catalog.check(deployed)
    )
