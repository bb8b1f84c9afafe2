"""What CONTRIBUTING.md says of the source is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from docs.pages import TOP, blocks
from engagement_runner.deploy import deploy

Connection = psycopg.Connection[Any]

PAGE = (TOP / "CONTRIBUTING.md").read_text()


def paths(text: str) -> list[str]:
    """The paths that a text names, between backticks or as arguments of pytest."""
    quoted = re.findall(r"`([\w.-]+/[\w./-]*)`", text)
    return quoted + re.findall(r"(?<= )tests/[\w./-]+", text)


def test_contributing_names_paths_that_are_there() -> None:
    named = paths(PAGE)
    assert len(named) > 50
    # NAME stands for any name.
    assert [path for path in named if "NAME" not in path and not (TOP / path).exists()] == []
    assert all((TOP / path).parent.is_dir() for path in named)


def test_contributing_statement_runs(deployed: Connection) -> None:
    (statement,) = [b.text for b in blocks(TOP / "CONTRIBUTING.md") if b.language == "sql"]
    assert deployed.execute(statement.encode()).rowcount == 1


def test_contributing_names_tables_that_are_there(deployed: Connection) -> None:
    named = re.findall(r"`(engagement\.\w+)` \(`migrations/", PAGE)
    assert len(named) == 3
    for name in named:
        assert deployed.execute("select to_regclass(%s) is null", (name,)).fetchone() == (False,)


def test_contributing_journey_names_routines_that_are_called(databases: Any) -> None:
    (journey,) = re.findall(r"^## One order line's journey$(.*?)^## ", PAGE, re.M | re.S)
    named = {Path(path).stem for path in paths(journey) if path.startswith(("proc", "trig"))}
    database = databases.create()
    with databases.connect(database) as session:
        name = sql.Identifier(session.info.dbname)
        session.execute(sql.SQL("alter database {} set track_functions = 'all'").format(name))
    session = databases.connect(database)
    deploy(session, "reference")
    travel(session)
    session.execute("select pg_stat_force_next_flush()")
    called = column(session, "select funcname from pg_stat_user_functions where calls > 0")
    # Functions in SQL are inlined and not counted. Nothing fails on this journey, and the host sets
    # no time-out.
    inlined = column(
        session,
        "select p.proname from pg_proc p join pg_language l on l.oid = p.prolang"
        " where p.pronamespace = 'engagement'::regnamespace and l.lanname = 'sql'",
    )
    assert {"sync_awards__order_line", "sum_points__some"} <= called
    missing = {name for name in named - inlined if not made_from(name) & called}
    assert missing == {"capture_failed", "sync_in_time"}


def made_from(name: str) -> set[str]:
    """The routines that run: those made from a template, or the routine of that name."""
    if name == "capture_template":
        return {f"capture__{number}" for number in range(1, 100)}
    if name.endswith("__template"):
        return {name.replace("__template", "__order_line")}
    return {name.removesuffix("_template")}


def test_contributing_names_every_kind_of_template(deployed: Connection) -> None:
    (section,) = re.findall(r"^## Templates$(.*?)^## ", PAGE, re.M | re.S)
    views = column(
        deployed,
        "select viewname from pg_views"
        " where schemaname = 'engagement' and viewname like '%\\_\\_template'",
    )
    others = {name for name in views if not name.endswith("_in_hand__template")}
    assert others == {"activity__template", "employment__template"}
    assert all(f"`{name}`" in section for name in others)
    triggers = column(
        deployed,
        "select proname from pg_proc where pronamespace = 'engagement'::regnamespace"
        " and prorettype = 'trigger'::regtype and proname like '%\\_template'",
    )
    assert triggers and all(f"`{name}`" in section for name in triggers)
    (shown,) = re.findall(r"`\\sf\+ (engagement\.\w+)`", section)
    assert deployed.execute("select to_regproc(%s) is null", (shown,)).fetchone() == (False,)


def column(session: Connection, query: LiteralString) -> set[str]:
    return {value for (value,) in session.execute(query)}


def travel(session: Connection) -> None:
    """An order line, from the host's INSERT to the card; its customer crosses into a band."""
    session.execute(
        "select engagement.add_rule(p_rule_code => 'BOUGHT',"
        " p_category_code => 'PURCHASES_DONATIONS', p_engagement_type => 'PRODUCT_PURCHASE',"
        " p_effective_when => 'ORDER_CREATION', p_amount_score => 1,"
        " p_cap_points => 1000, p_cap_period => 'YEAR')"
    )
    session.execute("insert into engagement.score_band values ('GOLD', 'Gold', 50, null)")
    session.execute("insert into crm.product (product_id, display_name) values ('BOOK', 'Book')")
    session.execute("insert into crm.customer (customer_id, display_name) values (1, 'Ada')")
    session.execute(
        "insert into crm.sales_order (order_id, ordered_at) values (1, '2025-03-01 10:00+00')"
    )
    session.execute("call engagement.recalculate('FULL')")
    session.execute(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, amount)"
        " values (1, 1, 'BOOK', 100)"
    )
    session.execute("call engagement.recalculate()")
    session.execute("update crm.order_line set amount = 120")
    session.execute("call engagement.catch_up()")
    assert column(session, "select engagement.score_card(1) ->> 'band_code'") == {"GOLD"}
