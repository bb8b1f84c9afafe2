"""What the documentation shows is true: its commands and statements run, its names exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from docs.pages import PAGES, TOP, blocks
from engagement_runner.cli import main
from engagement_runner.embedded import EmbeddedServer
from engagement_runner.files import SqlFile
from patience import PATIENCE

Connection = psycopg.Connection[Any]


def shell(text: str, dsn: str) -> str:
    """Run a shell block as a reader would, with the command in PATH; return what it printed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "ENGAGEMENT_"))}
    path = f"{Path(sys.executable).parent}:{kept['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", text],
        env={**kept, "PATH": path, "DATABASE_URL": dsn, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_start_page_blocks_in_their_order_do_what_it_says(own_server: EmbeddedServer) -> None:
    role_and_database, *rest = [
        block for block in blocks(TOP / "docs/start.md") if block.language != "console"
    ]
    (url,) = [
        block.text.split("=", 1)[1].strip()
        for block in blocks(TOP / "docs/start.md")
        if block.text.startswith("export DATABASE_URL=")
    ]
    with psycopg.connect(own_server.dsn(), autocommit=True) as superuser:
        for statement in SqlFile("start.md", "docs", role_and_database.text).statements():
            superuser.execute(statement.text.encode())
    named = conninfo_to_dict(url)
    database = own_server.dsn(str(named["dbname"]), str(named["user"]))
    printed = []
    for block in rest:
        if block.language == "sh":
            printed.append(shell(block.text, database))
        else:
            assert block.language == "sql"
            with psycopg.connect(database) as session:
                session.execute(block.text.encode())
    _, rules, scores, proof, undeployed = printed
    assert "BOOKS" in rules
    assert "74" in scores and "BOOKS" in scores
    assert "Proven" in proof
    assert "Undeployed." in undeployed


def test_start_page_embedded_server_has_psql_where_it_says() -> None:
    (line,) = [b.text for b in blocks(TOP / "docs/start.md") if "wheel_bindir" in b.text]
    psql = Path(shell(line, "").strip())
    assert subprocess.run([psql, "--version"], capture_output=True).returncode == 0


def monitoring() -> list[str]:
    queries = [b.text for b in blocks(TOP / "docs/operations.md") if b.language == "sql"]
    assert len(queries) == 12
    return queries


def alarms(session: Connection) -> list[int]:
    """Whether each monitoring query raises an alarm now; listings have no such column.

    Each returns one row of integers: exporters of metrics take nothing else.
    """
    found = []
    for query in monitoring():
        cursor = session.execute(query.encode())
        columns = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
        if "is_alarming" in columns:
            ((*values,),) = rows
            assert columns == ["value", "is_alarming"]
            assert [type(value) for value in values] == [int, int]
            found.append(rows[0][columns.index("is_alarming")])
    return found


def test_monitoring_queries_after_a_run_are_quiet(deployed: Connection) -> None:
    deployed.execute(
        "insert into crm.customer (customer_type, display_name) values ('INDIVIDUAL', 'Ada')"
    )
    deployed.execute("call engagement.recalculate('FULL')")
    assert alarms(deployed) == [0] * 10


def test_monitoring_queries_before_the_first_run_return_a_row_each(deployed: Connection) -> None:
    assert alarms(deployed) == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]


def test_monitoring_queries_in_trouble_all_raise_an_alarm(deployed: Connection) -> None:
    run = deployed.execute
    run("insert into crm.customer (customer_type, display_name) values ('INDIVIDUAL', 'Ada')")
    run("call engagement.recalculate('FULL')")
    run(
        "update engagement.recalculation_run set finished_at = now() - interval '9 days',"
        " failed_sources = '{order_line}'"
    )
    run("alter view engagement_host.invoice_line rename to mislaid")
    run(
        "insert into engagement.recalculation_run (run_id, run_mode, as_of, run_status, phase,"
        " started_at, backend_pid, backend_started_at)"
        " values (1000, 'FULL', now(), 'RUNNING', 'DEQUEUE', now(), 1, now())"
    )
    run(
        "insert into engagement.pending_activity (source, activity_column, keys, queued_at)"
        " select 'nothing', 'source_id', '{1}', now() - interval '9 days'"
        " from generate_series(1, 1000001)"
    )
    run(
        "insert into engagement.scoring_failure (failed_at, source, sqlstate_code, message)"
        " values (now(), 'order_line', '42P01', 'gone')"
    )
    run("update engagement.customer_score set score = score + 1")
    run(
        "insert into engagement.score_event (customer_id, event_type, score, occurred_at,"
        " created_at) select 1, 'BAND_UP', 1, now(), now() from generate_series(1, 10001)"
    )
    assert alarms(deployed) == [1] * 10


def test_security_page_statements_list_definers_with_a_pinned_path(deployed: Connection) -> None:
    (query,) = [b.text for b in blocks(TOP / "docs/security.md") if b.language == "sql"]
    rows = deployed.execute(query.encode()).fetchall()
    assert len(rows) > 10
    assert all("search_path=pg_catalog, pg_temp" in (config or []) for _, config in rows)


def test_errors_page_lists_every_sqlstate_that_is_raised() -> None:
    files = [f for folder in ("procedures", "triggers") for f in (TOP / folder).rglob("*.sql")]
    raised = {code for file in files for code in re.findall(r"'(EG\d{3})'", file.read_text())}
    listed = re.findall(r"^\| (EG\d{3}) \|", (TOP / "docs/errors.md").read_text(), re.MULTILINE)
    # EG100 takes back a trial and is caught where it is raised.
    assert listed == sorted(raised - {"EG100"})


def command_lines() -> list[str]:
    """Every call of the command in the shell blocks of the documentation and of the README."""
    lines = set()
    for page in [*PAGES, TOP / "README.md"]:
        for block in blocks(page):
            if block.language in ("sh", "console"):
                for line in re.sub(r"\\\n\s*", "", block.text).splitlines():
                    for call in line.split("&&"):
                        words = re.sub(r"\s#.*|\s[<>]\s.*", "", call).strip()
                        if re.match(r"(\.venv/bin/)?engagement ", words):
                            lines.add(words)
    return sorted(lines)


@pytest.mark.parametrize("line", command_lines())
def test_command_line_in_the_documentation_parses(line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = main
    context = None
    while isinstance(command, click.Group):
        context = command.make_context(command.name, words, parent=context)
        name, command, words = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )  # type: ignore[assignment]
        assert name is not None
    command.make_context(command.name, words, parent=context)


@pytest.fixture
def sample(databases: Any, sample_template: str) -> str:
    """Connection string of the sample association of the demonstration, scored."""
    return str(databases.create(sample_template))


@pytest.mark.slow
@pytest.mark.parametrize("page", ["docs/use.md", "README.md"])
def test_commands_about_the_sample_association_work(sample: str, tmp_path: Path, page: str) -> None:
    (tmp_path / "scores.csv").write_text("customer,type,score\n769,FORUM,3\n")
    (block,) = [b for b in blocks(TOP / page) if "engagement score 769" in b.text]
    lines = [
        line
        for line in block.text.splitlines()
        # The environment is the test's own, and erasing is refused there: its own tests show it.
        if not line.startswith((". ", "engagement erase"))
    ]
    assert len(lines) > 8
    shell(f"cd {shlex.quote(str(tmp_path))}\n" + "\n".join(lines), sample)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["docs/use.md", "docs/embed.md", "README.md"])
def test_statements_about_the_sample_association_work(sample: str, page: str) -> None:
    text = "\n".join(b.text for b in blocks(TOP / page) if b.language == "sql")
    statements = SqlFile(page, "docs", text).statements()
    assert len(statements) > 3
    with psycopg.connect(sample, autocommit=True) as session:
        for statement in statements:
            session.execute(statement.text.encode())


@pytest.mark.slow
def test_python_about_the_sample_association_works(
    sample: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(sample, autocommit=True) as session:
        session.execute("call engagement.recalculate()")
        session.execute("update crm.sales_order set order_status = 'CANCELLED'")
        session.execute("call engagement.recalculate()")
        ((waiting,),) = session.execute("select count(*) from engagement.score_event").fetchall()
    assert waiting > 0
    info = conninfo_to_dict(sample)
    for name, key in (("PGHOST", "host"), ("PGPORT", "port"), ("PGUSER", "user"),
                      ("PGDATABASE", "dbname")):  # fmt: skip
        monkeypatch.setenv(name, str(info[key]))
    found = [b.text for b in blocks(TOP / "docs/embed.md") if b.language == "python"]
    assert len(found) == 3
    names: dict[str, Any] = {}
    for text in found:
        exec(compile(text, "embed.md", "exec"), names)
    names["weekly_scores"]()
    assert "769" not in capsys.readouterr().err
    assert len(names["done"]) == len({event for event, *_ in names["done"]}) == waiting
    with psycopg.connect(sample) as session:
        assert session.execute("select count(*) from engagement.score_event").fetchone() == (0,)


@pytest.mark.slow
def test_use_page_functions_of_a_source_show_what_a_refresh_changes(sample: str) -> None:
    (block,) = [b for b in blocks(TOP / "docs/use.md") if "difference__" in b.text]
    line, customer, difference, summary = (
        statement.text.encode() for statement in SqlFile("use.md", "docs", block.text).statements()
    )
    with psycopg.connect(sample, autocommit=True) as session:
        session.execute("select engagement.set_parameter('TRIGGER_MODE', 'DEFERRED')")
        session.execute("call engagement.recalculate()")
        of_line, of_customer = (session.execute(query).fetchall() for query in (line, customer))
        assert of_line and set(of_line) < set(of_customer)
        assert session.execute(difference).fetchall() == []
        assert session.execute(summary).fetchall() == []
        session.execute(
            "update crm.order_line set quantity = quantity + 1 where order_line_id = 200374"
        )
        changed = session.execute(difference).fetchall()
        assert [row[0] for row in changed] == ["VOID", "MAKE"] * len(of_line)
        assert {*session.execute(summary)} == {("VOID", len(of_line)), ("MAKE", len(of_line))}
        session.execute("call engagement.refresh_customer(769)")
        assert session.execute(difference).fetchall() == []


def test_adapter_page_attribute_earns_while_it_holds(deployed: Connection) -> None:
    (block,) = [b for b in blocks(TOP / "docs/write-an-adapter.md") if "complete_profile" in b.text]
    deployed.execute("""
        insert into crm.customer (customer_id, display_name) values (7, 'Ann');
        create schema shop;
        create table shop.member (
            member_id bigint primary key, email text, phone text, profile_changed_at timestamptz
        );
        insert into shop.member values (7, 'ann@example.org', '1', '2025-01-01');
    """)
    for statement in SqlFile("write-an-adapter.md", "docs", block.text).statements():
        deployed.execute(statement.text.encode())

    def score() -> int:
        deployed.execute("call engagement.recalculate()")
        assert deployed.execute("select * from engagement.verify()").fetchall() == []
        ((points,),) = deployed.execute("select score from engagement.customer_score").fetchall()
        return int(points)

    assert score() == 2
    deployed.execute("update shop.member set phone = null")
    assert score() == 0
    deployed.execute("update shop.member set phone = '2', profile_changed_at = now()")
    assert score() == 2


def test_adapter_page_rule_by_subject_keeps_what_a_product_of_another_class_earned(
    deployed: Connection,
) -> None:
    (block,) = [b for b in blocks(TOP / "docs/write-an-adapter.md") if "BOOK_AS_PRINT" in b.text]

    def points() -> dict[str, int]:
        deployed.execute("call engagement.recalculate(p_as_of => '2025-07-01')")
        found = deployed.execute(
            "select to_char(w.effective_at, 'YYYY-MM-DD'), sum(w.points)::integer"
            " from engagement.award w where w.voided_at is null group by 1"
        )
        return dict(found.fetchall())

    deployed.execute("""
        with ann as (
            insert into crm.customer (customer_type, display_name)
            values ('INDIVIDUAL', 'Ann') returning customer_id
        ),
        book as (
            insert into crm.product (product_id, product_class, display_name)
            values ('BOOK', 'PRINT', 'Book') returning product_id
        ),
        header as (
            insert into crm.sales_order (order_status, ordered_at)
            values ('PLACED', '2020-03-01'), ('PLACED', '2025-06-15') returning order_id
        )
        insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)
        select h.order_id, a.customer_id, b.product_id, 1, 100
        from header h cross join ann a cross join book b
    """)
    for name in ("PRINT", "MEDIA"):
        deployed.execute(
            "select engagement.add_rule(p_rule_code => %(name)s, p_subject_class => %(name)s,"
            " p_category_code => 'PURCHASES_DONATIONS', p_engagement_type => 'PRODUCT_PURCHASE',"
            " p_effective_when => 'ORDER_CREATION', p_amount_score => %(score)s,"
            " p_applies_from => %(applies_from)s)",
            {
                "name": name,
                "score": "0.5" if name == "PRINT" else "2",
                "applies_from": None if name == "PRINT" else "2025-06-01",
            },
        )
    assert points() == {"2020-03-01": 50, "2025-06-15": 50}
    deployed.execute("update crm.product set product_class = 'MEDIA' where product_id = 'BOOK'")
    assert points() == {"2025-06-15": 200}  # the past has changed
    deployed.execute(block.text.encode())
    assert points() == {"2020-03-01": 50, "2025-06-15": 200}


def test_operations_page_dump_restores_into_a_deployment_without_findings(
    server: EmbeddedServer, deployed: Connection, databases: Any
) -> None:
    deployed.execute("insert into crm.customer (customer_type, display_name)"
                     " values ('INDIVIDUAL', 'Ada')")  # fmt: skip
    deployed.execute("call engagement.recalculate('FULL')")
    file = server.base / "socket" / "dump.sql"
    server.run("pg_dump", "--file", file, server.dsn(deployed.info.dbname))
    restored = databases.create()
    server.run("psql", "--quiet", "--set=ON_ERROR_STOP=1", "--file", file, restored)
    block = [b.text for b in blocks(TOP / "docs/operations.md") if "--mode FULL" in b.text]
    printed = shell(block[0], restored)
    assert "FULL run 2" in printed
    assert "Proven" in printed
