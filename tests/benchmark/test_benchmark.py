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

from bench import order_entry, results
from bench.contenders import DuckDB, score_queue
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
)
from bench.measure import Measure
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
        free = order_entry.hindrance(ground, database, lambda _: None)
        assert free.longest > 0
        held_up = order_entry.hindrance(ground, database, lock_orders_once)
        assert held_up.waits > free.waits and held_up.longest > 50


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
    smallest = (
        "from bench import __main__ as benchmark;"
        f" benchmark.SETTINGS.update({FAST}); benchmark.SMOKE['lines'] = {LINES}; benchmark.main()"
    )
    written = tmp_path / "RESULTS.md"
    written.write_text(f"Introduction.\n\n{results.MARK}\n\nold")
    subprocess.run(
        [
            *(sys.executable, "-c", smallest, "--smoke", "--clients", "2"),
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
    assert len(rows) > 60
    for title, value, against, other, ratio, target, met in rows:
        assert value, title
        assert bool(against) == bool(other) == bool(ratio), title
        assert bool(target) == bool(met), title
    plot = ElementTree.parse(written.with_suffix(".svg")).getroot()
    assert plot.tag == "{http://www.w3.org/2000/svg}svg"
    bars = plot.findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(bars) == sum(bool(row[5]) and row[5] != "≤ 0" for row in rows)
