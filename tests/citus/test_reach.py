"""What a cluster's nodes are asked, and which of them: read from what Citus says that it sends."""

from __future__ import annotations

import re
from typing import NamedTuple

import psycopg
import pytest

from citus.life import AS_OF, CHANGES, Connection, live, rows
from scoring.fixtures import fetches_host

_SHARD = re.compile(r"engagement\.(award|customer_score|category_score)_(\d+)")

#: A condition that one of these keys is one of some values.
_BY_KEY = re.compile(
    r"\b(?:\w+\.)?(customer|employer|source)_id\)?(?:::\w+)?"
    r" OPERATOR\(pg_catalog\.=\) (?:ANY \(|\(?'|\(?\$)"
)


class Command(NamedTuple):
    """A command that went to a shard."""

    routine: str
    """The innermost routine that it came from."""
    table: str
    shard: int
    text: str


@pytest.fixture
def living(distributed: Connection) -> Connection:
    """The association after its runs."""
    live(distributed)
    return distributed


def sent_by(session: Connection, query: str) -> list[Command]:
    """Do something, and return what was sent to shards meanwhile."""
    commands: list[Command] = []

    def take(notice: psycopg.errors.Diagnostic) -> None:
        text = " ".join(str(notice.message_primary).split())
        if text.startswith("issuing "):
            called = re.search(r"PL/pgSQL function (?:engagement\.)?(\w+)", notice.context or "")
            for table, shard in set(_SHARD.findall(text)):
                routine = called[1] if called else ""
                commands.append(Command(routine, table, int(shard), text))

    session.add_notice_handler(take)
    session.execute("set citus.log_remote_commands = on")
    session.execute(query.encode())
    session.execute("set citus.log_remote_commands = off")
    session.remove_notice_handler(take)
    assert commands
    return commands


def shards_of(session: Connection, table: str) -> set[int]:
    """All shards of a table."""
    found = rows(
        session,
        "select shardid from pg_dist_shard where logicalrelid = %s::regclass",
        f"engagement.{table}",
    )
    return {shard for (shard,) in found}


def shard_of(session: Connection, table: str, customer_id: int) -> int:
    """The shard that has a customer's rows."""
    ((shard,),) = rows(
        session,
        "select get_shard_id_for_distribution_column(%s::regclass, %s::bigint)",
        *(f"engagement.{table}", customer_id),
    )
    return int(shard)


def test_refresh_of_a_person_asks_one_shard_and_every_shard_only_whom_it_employs(
    living: Connection,
) -> None:
    commands = sent_by(living, "call engagement.refresh_customer(5)")
    own = {shard_of(living, table, 5) for table in ("award", "customer_score", "category_score")}
    assert {command.shard for command in commands} >= own
    elsewhere = [command for command in commands if command.shard not in own]
    assert {command.routine for command in elsewhere} == {"sum_points__some"}, elsewhere
    others = shards_of(living, "award") - own
    # Twice: for the sums, and for those whose awards may be capped or fade.
    assert sorted(command.shard for command in elsewhere) == sorted([*others, *others])
    for command in elsewhere:
        assert "employer" in _BY_KEY.findall(command.text), command
        assert command.text.startswith("issuing SELECT")


def test_full_sums_and_compares_the_ledger_where_it_is(living: Connection) -> None:
    commands = sent_by(living, f"call engagement.recalculate('FULL', null, '{AS_OF}')")
    on_ledger = [command for command in commands if command.table == "award"]
    # Fingerprints of a source and sums of everybody, each by every shard, in groups.
    for routine in ("stage_source__", "sum_points__all"):
        grouped = {
            command.shard
            for command in on_ledger
            if command.routine.startswith(routine) and "GROUP BY" in command.text
        }
        assert grouped == shards_of(living, "award")
    # So are the points of rules that cap or fade.
    windows = [c for c in on_ledger if "OVER" in c.text]
    assert {command.shard for command in windows} == shards_of(living, "award")
    assert all("GROUP BY" in command.text for command in windows)
    # Else nothing comes from the ledger but whether there is something at all, and the awards of
    # the customers who differ.
    others = {command.text for command in on_ledger if "GROUP BY" not in command.text}
    differing = "intermediate_result(customer_id engagement.host_key)"
    assert [text for text in others if "SELECT 1" not in text and differing not in text] == []
    assert not any(re.search("UPDATE|INSERT|DELETE", command.text) for command in on_ledger)


def test_incremental_asks_only_for_whom_it_concerns(living: Connection) -> None:
    living.execute(
        "update crm.order_line set quantity = quantity + 1 where order_line_id ="
        " (select min(order_line_id) from crm.order_line where line_status = 'ACTIVE')"
    )
    commands = sent_by(living, f"call engagement.recalculate('INCREMENTAL', null, '{AS_OF}')")
    for command in commands:
        if command.table == "award" and "INSERT" not in command.text:
            assert _BY_KEY.search(command.text), command
    assert "sum_points__all" not in {command.routine for command in commands}
    written = {
        command.shard
        for command in commands
        if command.table == "category_score" and "INSERT" in command.text
    }
    assert 1 <= len(written) < len(shards_of(living, "category_score"))


def test_order_in_immediate_mode_writes_to_the_customers_shard_only(living: Connection) -> None:
    living.execute("select engagement.set_parameter('TRIGGER_MODE', 'IMMEDIATE')")
    commands = sent_by(
        living,
        "insert into crm.order_line"
        " (order_id, ship_customer_id, product_id, quantity, amount, line_status)"
        " select min(o.order_id), 5, 'BOOK', 3, 0, 'ACTIVE' from crm.sales_order o",
    )
    written = {c.shard for c in commands if not c.text.startswith("issuing SELECT")}
    assert written == {shard_of(living, "award", 5)}
    assert all(_BY_KEY.search(c.text) for c in commands if c.shard not in written)


def test_rank_sends_the_nodes_only_the_ranks_that_change(living: Connection) -> None:
    living.execute(
        "insert into crm.order_line"
        " (order_id, ship_customer_id, product_id, quantity, amount, line_status)"
        " select min(o.order_id), 5, 'BOOK', 100, 0, 'ACTIVE' from crm.sales_order o"
    )
    commands = sent_by(living, f"call engagement.recalculate('INCREMENTAL', null, '{AS_OF}')")
    ranked = [c.text for c in commands if c.routine == "all_scores"]
    assert ranked
    assert not any("is_changed" in text for text in ranked)


def test_what_would_fetch_the_hosts_rows_is_noticed(living: Connection) -> None:
    """The scoring suite looks at these messages; here is what it must not overlook."""
    messages: list[str] = []
    living.add_notice_handler(lambda notice: messages.append(str(notice.message_primary)))
    living.execute("set client_min_messages = debug1")
    for query, fetches in (
        ("select count(*) from crm.product join engagement.award on subject_id = product_id", True),
        (
            "select count(*) from (select * from engagement_host.order_line offset 0) v"
            " join engagement.award w on w.source_id = v.source_id",
            True,
        ),
        ("select count(*) from engagement.award w", False),
        ("select count(*) from engagement_host.order_line v", False),
    ):
        messages.clear()
        living.execute(query.encode())
        assert any(map(fetches_host, messages)) is fetches, (query, messages)


#: What the variables of the routine stand for.
VALUES = {
    "p_as_of": f"timestamptz '{AS_OF}'",
    "p_is_employees": "false",
    "v_is_current": "false",
    "v_zone": "'UTC'",
    "v_today": f"date '{AS_OF[:10]}'",
    "v_special": "array[1, 2]",
    "v_ytd_from": "timestamptz '2025-01-01+00'",
    "v_ytd_next": "timestamptz '2026-01-01+00'",
    "v_overview_from": "timestamptz '2024-01-01+00'",
}


@pytest.mark.parametrize("is_employees", ["false", "true"])
def test_plan_of_everybodys_totals_aggregates_on_every_shard(
    living: Connection, is_employees: str
) -> None:
    """EXPLAIN of the statement that FULL sums the ledger with."""
    ((body,),) = rows(living, "select prosrc from pg_proc where proname = 'sum_points__all'")
    statement = body[body.index("return query") + len("return query") : body.rindex("end")]
    for name, value in {**VALUES, "p_is_employees": is_employees}.items():
        statement = re.sub(rf"\b{name}\b", value, statement)
    plan = [line for (line,) in rows(living, "explain (costs off) " + statement.strip(" ;\n"))]
    shards = len(shards_of(living, "award"))
    tasks = [
        number
        for number, line in enumerate(plan)
        if f"Task Count: {shards}" in line and any("award" in text for text in plan[number:][:25])
    ]
    # The awards that count for their points, and those of rules that cap or fade.
    assert len(tasks) == 2
    for number in tasks:
        assert any("Aggregate" in line for line in plan[number:][:8]), plan
    assert not any("Seq Scan on" in line and "award" in line for line in plan[: tasks[0]])


def test_change_of_a_parameter_reaches_the_nodes_whatever_the_session_propagates(
    living: Connection,
) -> None:
    living.execute("set citus.enable_ddl_propagation = off")
    living.execute("select engagement.set_parameter('TIME_ZONE', 'Asia/Tokyo')")
    assert rows(living, "show citus.enable_ddl_propagation") == [("off",)]
    there = rows(
        living,
        "select distinct result from run_command_on_workers("
        "$$select engagement.parameter('TIME_ZONE')$$)",
    )
    assert there == [("Asia/Tokyo",)]
    living.execute(CHANGES.encode())
    living.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
    assert rows(living, "select * from engagement.verify()") == []
