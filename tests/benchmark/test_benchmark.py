"""The benchmark: who is compared computes the same numbers, and every measure has a value."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from bench import catch_up, follow, order_entry, results
from bench.contenders import BASE, Contender, DuckDB, score_queue
from bench.driver import orders_by_python
from bench.follow import Probe
from bench.ground import (
    SETTINGS,
    UNTIL,
    WEEK_LATER,
    Ground,
    create_table_as,
    execute,
    recalculate,
    set_mode,
    set_setting,
    text_of,
)
from bench.locks import hindrance
from bench.measure import Measure
from bench.proc import ServerTimes, cpu_seconds
from bench.weekly import as_instant
from engagement_runner.embedded import EmbeddedServer
from patience import PATIENCE

pytestmark = pytest.mark.once  # it compares on whatever server it is given

LINES = 10_000
#: The numbers are the same, however durable they are.
FAST = {**SETTINGS, "fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
Sums = dict[int, tuple[Decimal, Decimal]]


@pytest.fixture(scope="module")
def ground(bindir: Path, memory: Path | None) -> Iterator[Ground]:
    """The smallest ground, on a server with the settings of the benchmark."""
    with EmbeddedServer(bindir, FAST, parent=memory) as server:
        yield Ground(server, LINES, clients=2)


@pytest.fixture
def used(ground: Ground) -> Iterator[Callable[[str], psycopg.Connection[Any]]]:
    """``used("queue")``: a session in a database of that kind, which the test may change."""
    with ExitStack() as stack:
        yield lambda kind: stack.enter_context(
            ground.connect(stack.enter_context(ground.used(kind)))
        )


def sums(connection: psycopg.Connection[Any], query: str) -> Sums:
    """What a query says of each customer, without those who have nothing."""
    return {row[0]: row[1:] for row in connection.execute(query) if any(row[1:])}  # type: ignore[arg-type]


def ours(connection: psycopg.Connection[Any], columns: str) -> Sums:
    found = sums(connection, f"select customer_id, {columns} from engagement.customer_score")
    assert len(found) > 700
    return found


def correct_lines(connection: psycopg.Connection[Any]) -> None:
    """What a host does to lines: corrects, moves, cancels, deletes and enters some."""
    set_setting(connection, "round", "1")
    execute(connection, "change")
    run = connection.execute
    run(
        "update crm.order_line set ship_customer_id = 7, product_id = 'P25' where order_id % 97 = 1"
    )
    run("update crm.order_line set line_status = 'CANCELLED' where order_id % 97 = 2")
    run("delete from crm.order_line where order_id % 97 = 3")
    run(
        "with o as (insert into crm.sales_order (ordered_at, bill_customer_id)"
        " select bench.as_of(), n from generate_series(1, 300) n returning *)"
        " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select order_id, bill_customer_id, 'P' || bill_customer_id, k, 40 * k"
        " from o, (values (1), (-2)) l (k)"
    )


@pytest.mark.parametrize("kind", ["row_trigger", "queue"])
def test_running_totals_after_changes_equal_customer_score(
    kind: str, used: Callable[[str], psycopg.Connection[Any]]
) -> None:
    scored, theirs = used("scored"), used(kind)
    totals = "select customer_id, own_score, employee_score from bench.running_total"
    before = sums(theirs, totals)
    assert before == ours(scored, "own_score, employee_score")
    for connection in (scored, theirs):
        correct_lines(connection)
    recalculate(scored, "INCREMENTAL", UNTIL)
    if kind == "queue":
        assert sums(theirs, totals) == before
        assert score_queue(theirs) > 600
    assert sums(theirs, totals) == ours(scored, "own_score, employee_score") != before


def test_sums_at_once_after_changes_equal_customer_score(
    used: Callable[[str], psycopg.Connection[Any]], tmp_path: Path
) -> None:
    scored = used("scored")
    duckdb = DuckDB(tmp_path)
    execute(scored, "matview")
    before = ours(scored, "own_score, ytd_score")
    assert sums(scored, "select customer_id, score, ytd_score from bench.total_view") == before
    correct_lines(scored)
    recalculate(scored, "INCREMENTAL", WEEK_LATER)
    set_setting(scored, "until", WEEK_LATER)
    execute(scored, "matview_refresh")
    create_table_as(scored)
    duckdb.export(scored)
    duckdb.query(as_instant(WEEK_LATER))
    after = ours(scored, "own_score, ytd_score")
    assert after != before
    for table in ("total", "total_view"):
        found = sums(scored, f"select customer_id, score, ytd_score from bench.{table}")
        assert found == after, table
    assert {row[0]: row[1:] for row in duckdb.totals() if any(row[1:])} == after
    duckdb.close()


def test_variants_have_as_many_awards_and_another_situation(ground: Ground) -> None:
    awards = {}
    for variant in ("", "one_company", "many_rules"):
        with ground.connect(ground.database("scored", variant)) as connection:
            awards[variant], employers, rules = connection.execute(
                "select count(*), count(distinct employer_id),"
                " (select count(*) from engagement.score_rule where rule_code ~ '^(CLASS|PRODUCT)')"
                " from engagement.award"
            ).fetchone()  # type: ignore[misc]
            assert employers == (1 if variant == "one_company" else LINES // 1300)
            assert rules == (1000 if variant == "many_rules" else 30)
    assert len(set(awards.values())) == 1 and awards[""] > LINES


def test_hindrance_lock_on_orders_is_counted(ground: Ground) -> None:
    times = iter([True])

    def lock_orders_once(session: psycopg.Connection[Any]) -> None:
        if not next(times, False):
            return
        deadline = monotonic() + PATIENCE
        with session.transaction(), ground.server.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            session.execute("lock table crm.sales_order in exclusive mode")
            while b"still waiting" not in log.read() and monotonic() < deadline:
                session.execute("select")

    with ground.used("scored") as database:
        with ground.connect(database) as connection:
            set_mode(connection, "IMMEDIATE")
            execute(connection, "lock_settings")
        free = hindrance(ground, database, lambda _: None)
        assert free.longest > 0
        held_up = hindrance(ground, database, lock_orders_once)
        assert held_up.waits > free.waits and held_up.longest > 50


def test_orders_by_python_at_a_rate_are_no_more(ground: Ground) -> None:
    with ground.used("bare") as database:
        dsn, customers = ground.server.dsn(database), ground.customers(database)
        found = orders_by_python(dsn, {}, "order_entry", 2, 2, customers, rate=4)
        with ground.connect(database) as connection:
            entered = connection.execute(
                "select count(*) from crm.sales_order where ordered_at > now() - interval '1 year'"
            ).fetchone()
    assert entered == (found.count,)
    assert 2 <= found.count <= 8 and found.rate == found.count / 2


def test_server_times_tell_sessions_that_ended_from_those_that_live(ground: Ground) -> None:
    work = "select count(sqrt(n)) from generate_series(1, 1000000) as n"
    with ground.connect("postgres") as living:
        living.execute(work)
        times = ServerTimes(ground.server)
        before = cpu_seconds(living.info.backend_pid)
        with ground.connect("postgres") as ending:
            ending.execute(work)
            ended = cpu_seconds(ending.info.backend_pid)
        living.execute(work)
        lived = cpu_seconds(living.info.backend_pid) - before
        clients, server = times.spent()
    assert ended > 0 and lived > 0
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert ended - 2 * tick <= clients < ended + lived / 2
    assert clients + lived <= server


@pytest.mark.parametrize(
    "who", [*BASE, *order_entry.BESIDE], ids=lambda who: str(who.name).replace(" ", "_")
)
def test_take_turn_gives_orders_and_cpu_time(ground: Ground, who: Contender) -> None:
    with ground.used(who.kind) as database:
        found = order_entry.take_turn(ground, who, database, "order_entry", "off", 1)
        assert found.rate > 0
        assert 0 < found.cpu < found.server_cpu
        assert 0 <= found.scored <= 1
        if who.beside == "follow":
            with ground.connect(database) as connection:
                scored = connection.execute(
                    "select count(*) from engagement.customer_score"
                    " join crm.customer using (customer_id)"
                    " where display_name like 'Probe%' and own_score > 0"
                ).fetchone()
            assert scored == (1,)


def test_probe_sees_points_when_they_are_stored(
    used: Callable[[str], psycopg.Connection[Any]],
) -> None:
    connection = used("current")
    probe = Probe(connection, 2)
    execute(connection, "catch_up")  # they have a score, which is zero
    probe.order()
    probe.order()
    probe.look()
    assert len(probe.waiting) == 2 and not probe.lags
    (customer, _) = probe.waiting.popitem()
    execute(connection, "catch_up")
    probe.look()
    assert not probe.waiting and len(probe.lags) == 1 and probe.lags[0] > 0
    found = connection.execute(
        "select own_score > 0 from engagement.customer_score where customer_id = %s", [customer]
    ).fetchone()
    assert found == (True,)


def test_probe_gives_up_after_its_patience(
    used: Callable[[str], psycopg.Connection[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_PATIENCE", 0)
    probe = Probe(used("current"), 1)
    probe.order()
    probe.look()
    assert not probe.waiting and len(probe.lags) == 1


def test_behind_finds_the_lag_beside_orders_at_a_rate(ground: Ground) -> None:
    with ground.used("current") as database:
        rate, lags = follow.behind(ground, database, "on", 10)
    assert rate > 0
    assert 1 <= len(lags) <= 2 / follow.PROBE_SECONDS
    assert all(lag > 0 for lag in lags)


def test_follow_that_cannot_run_is_an_error(ground: Ground) -> None:
    with ground.used("current") as database:
        with ground.connect(database) as connection:
            connection.execute("drop procedure engagement.catch_up")
        with (
            pytest.raises(ChildProcessError, match="follow ended with"),
            follow.follow_running(ground, database),
        ):
            pytest.fail("it runs without what it calls")


def test_orders_are_as_many_as_set_and_catch_up_leaves_none(
    used: Callable[[str], psycopg.Connection[Any]],
) -> None:
    connection = used("current")
    set_setting(connection, "round", "1")
    set_setting(connection, "orders", "7")
    execute(connection, "orders")
    counts = connection.execute(
        "select count(distinct o.order_id), count(distinct l.ship_customer_id), count(*),"
        " (select count(*) from engagement.pending_activity where source = 'order_line')"
        " from crm.sales_order o join crm.order_line l using (order_id)"
        " where o.ordered_at > now() - interval '1 year'"
    ).fetchone()
    assert counts is not None and counts[:3] == (7, 7, 14) and counts[3] >= 7
    assert min(catch_up.cost(connection, lambda session: execute(session, "catch_up"))) > 0
    waiting = connection.execute("select count(*) from engagement.pending_activity").fetchone()
    assert waiting == (0,)


def test_large_company_employs_everybody_of_a_small_ground(ground: Ground) -> None:
    with ground.connect(ground.database("scored", "large_company")) as connection:
        execute(connection, "refresh", {"customer": catch_up.EMPLOYER})
        found = connection.execute(text_of("employees")).fetchone()
        people, score = connection.execute(
            "select count(*) filter (where c.customer_type = 'INDIVIDUAL' and c.customer_id > 0),"
            " max(s.employee_score) filter (where s.employee_score > 0)"
            " from crm.customer c join engagement.customer_score s using (customer_id)"
        ).fetchone()  # type: ignore[misc]
    assert found == (people,) and people > 700
    assert score > 0


@pytest.mark.parametrize(
    ("values", "others", "target", "is_met", "share"),
    [
        ([3.0, 9.0, 1.0], [1.0], "≤ 3", True, 1.0),
        ([3.1], [1.0], "≤ 3", False, 3.1 / 3),
        ([9.0], [10.0], "≥ 0.9", True, 1.0),
        ([4.5], [10.0], "≥ 0.9", False, 2.0),
        ([4.5], [10.0], "", None, None),
    ],
)
def test_measure_with_target_says_if_met_and_how_far(
    values: list[float],
    others: list[float],
    target: str,
    is_met: bool | None,
    share: float | None,
) -> None:
    measure = Measure("Section", "title", "s", "limit", target, values, others)
    assert measure.is_met is is_met
    assert results.share_of_target(measure) == (share if share is None else pytest.approx(share))


@pytest.mark.slow
def test_benchmark_smallest_size_gives_every_measure_a_value(
    bindir: Path, memory: Path | None, tmp_path: Path
) -> None:
    written = tmp_path / "RESULTS.md"
    written.write_text(f"Introduction.\n\n{results.MARK}\n\nold")
    subprocess.run(
        [
            *(sys.executable, "-m", "bench", "--smoke", "--grow", "2", "--clients", "2"),
            *("--bindir", bindir, "--output", written),
        ],
        cwd=Path(results.__file__).parents[1],
        env={**os.environ, **({"TMPDIR": str(memory)} if memory else {})},
        check=True,
    )
    text = written.read_text("utf-8")
    assert text.startswith(f"Introduction.\n\n{results.MARK}\n") and "\nold" not in text
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith(("| ---", "| measure"))
    ]
    assert len(rows) > 130
    for title, value, against, other, ratio, target, met in rows:
        assert value, title
        assert bool(against) == bool(other) == bool(ratio), title
        assert bool(target) == bool(met), title
    plot = ElementTree.parse(written.with_suffix(".svg")).getroot()
    assert plot.tag == "{http://www.w3.org/2000/svg}svg"
    bars = plot.findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(bars) == sum(bool(row[5]) and row[5] != "≤ 0" for row in rows)
