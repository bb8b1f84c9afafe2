"""verify against a real database: everybody, parts, samples, batches."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import shlex
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engagement_runner import queries
from patience import PATIENCE, STATEMENT_TIMEOUT

from .conftest import PROGRAM, People, clean_environment

Connection = psycopg.Connection[Any]


def tamper(connection: Connection) -> None:
    """Leave a difference with Ada (two awards and her totals), and one with Bob."""
    connection.execute("update engagement.award set points = points + 1")
    connection.execute("update engagement.customer_score set ytd_score = ytd_score + 1")


def shown(result: Any) -> set[str]:
    """The differences of a JSON listing."""
    rows = json.loads(result.stdout)
    texts = {json.dumps(row) for row in rows}
    assert len(texts) == len(rows)
    return texts


def found(connection: Connection, part: str) -> set[str]:
    """The differences that the database finds in a part."""
    return {
        json.dumps(row[0])
        for row in connection.execute(f"select row_to_json(v) from engagement.verify({part}) v")
    }


# everybody


def test_verify_nothing_differs_ends_with_0(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "verify")
    assert result.exit_code == 0
    assert result.stdout.startswith("Proven")
    assert result.stderr == ""
    assert json.loads(engagement(deployed, "verify", "--format", "json").stdout) == []


def test_verify_tampered_ledger_ends_with_3_and_shows_the_rows(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute(
        "update engagement.award set points = points + 1 where customer_id = %s and points = 60",
        (association.ada,),
    )
    table = engagement(deployed, "verify")
    assert table.exit_code == 3, table.stderr
    assert "award differs" in table.stdout
    assert str(association.ada) in table.stdout
    assert len(table.stderr.splitlines()) == 1
    rows = engagement(deployed, "verify", "--format", "json")
    assert rows.exit_code == 3
    assert {row["customer_id"] for row in json.loads(rows.stdout)} == {association.ada}
    rows = engagement(deployed, "verify", "--format", "csv")
    assert rows.exit_code == 3
    assert next(csv.DictReader(io.StringIO(rows.stdout)))["source"] == "order_line"


def test_verify_with_a_queue_says_so_on_stderr(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("update crm.order_line set quantity = 6")
    result = engagement(deployed, "verify")
    assert result.exit_code == 0
    assert "queued" in result.stderr
    assert "queued" not in result.stdout
    assert result.stderr.startswith("proven except: 1 of order_line.source_id (")
    assert "Proven" not in result.stdout


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (
            "insert into engagement.pending_activity (source) values ('invoice_line')",
            "proven except: source invoice_line as a whole; the totals of everybody (",
        ),
        (
            "insert into engagement.recalculation_source values ('order_line')",
            "proven except: source order_line as a whole; the totals of everybody (",
        ),
        (
            "insert into engagement.recalculation_key"
            " select 'order_line', g from generate_series(11, 17) g",
            "7 of source_id of order_line in an unfinished run (11, 12, 13, 14, 15, …)",
        ),
        (
            "insert into engagement.recalculation_customer values (7, true)",
            "proven except: 1 of totals in an unfinished run (7)",
        ),
    ],
)
def test_verify_names_what_it_left_out(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    left: str,
    told: str,
) -> None:
    deployed.execute(left.encode())
    result = engagement(deployed, "verify")
    assert result.exit_code == 0
    assert told in " ".join(result.stderr.split())
    assert "Proven" not in result.stdout
    assert engagement(deployed, "verify", "--format", "json").stdout.strip() == "[]"
    status = json.loads(engagement(deployed, "status", "--format", "json").stdout)
    names = ("queued_sources", "unfinished_sources", "unfinished_keys", "unfinished_customers")
    assert sum(status[name] for name in names) in (1, 7)


def test_verify_with_an_unread_source_ends_with_3_and_says_what_to_do(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("alter table crm.order_line drop amount cascade")
    for _ in range(2):
        result = engagement(deployed, "verify", "--format", "json")
        assert result.exit_code == 3
        assert [(row["check_name"], row["source"]) for row in json.loads(result.stdout)] == [
            ("source cannot be read", "order_line")
        ]
        assert "not everything could be read" in result.stderr
        assert "adapter" in result.stderr
        deployed.execute("call engagement.recalculate('FULL')")
    assert "the totals of everybody" in result.stderr


def test_verify_with_queued_keys_of_a_gone_view_says_that_no_totals_were_compared(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('TRIGGER_MODE', 'DEFERRED')")
    deployed.execute("update crm.sales_order set order_status = 'CANCELLED'")
    deployed.execute("alter view engagement_host.order_line rename to mislaid")
    result = engagement(deployed, "verify")
    assert result.exit_code == 3
    assert "the totals of everybody" in " ".join(result.stderr.split())


def test_verify_while_bands_wait_for_a_run_says_so(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("insert into engagement.score_band (band_code, from_score) values ('A', 1)")
    result = engagement(deployed, "verify")
    assert result.exit_code == 0
    assert result.stderr.startswith("proven except: the bands of everybody (")
    deployed.execute("call engagement.recalculate()")
    assert engagement(deployed, "verify").stderr == ""


# a part


def test_verify_a_range_is_the_database_s(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    tamper(deployed)
    ada, bob, firm = (str(key) for key in (association.ada, association.bob, association.firm))
    sizes = []
    for options, part in (
        (("--to", bob), f"p_to => {bob}"),
        (("--from", bob), f"p_from => {bob}"),
        (("--from", bob, "--to", firm), f"{bob}, {firm}"),
    ):
        result = engagement(deployed, "verify", *options, "--format", "json")
        assert result.exit_code == 3
        assert shown(result) == found(deployed, part)
        sizes.append(len(found(deployed, part)))
    assert 0 < sizes[2] < sizes[1] < len(found(deployed, ""))
    none = engagement(deployed, "verify", "--to", ada)
    assert (none.exit_code, none.stderr) == (0, "")
    assert none.stdout.startswith("Proven: these ")


@pytest.mark.parametrize("percent", ["40", "40%", " 40.0 %"])
def test_verify_a_sample_by_its_seed_is_the_database_s(
    deployed: Connection, association: People, engagement: Callable[..., Any], percent: str
) -> None:
    tamper(deployed)
    counts = set()
    for seed in range(4):
        result = engagement(
            deployed, "verify", "--sample", percent, "--seed", str(seed), "--format", "json"
        )
        expected = found(deployed, f"p_sample => 40, p_seed => {seed}")
        assert shown(result) == expected
        assert result.exit_code == (3 if expected else 0)
        counts.add(len(expected))
    assert len(counts) > 1


def test_verify_a_sample_without_a_seed_says_which_it_was(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    tamper(deployed)
    seeds = set()
    for _ in range(2):
        result = engagement(deployed, "verify", "--sample", "100%", "--format", "json")
        assert result.exit_code == 3
        assert shown(result) == found(deployed, "")
        (again,) = re.findall("`engagement (verify --sample 100% --seed ([0-9]+))`", result.stderr)
        repeated = engagement(deployed, *again[0].split(), "--format", "json")
        assert shown(repeated) == shown(result)
        seeds.add(again[1])
    assert len(seeds) == 2


@pytest.mark.parametrize("options", [("--batch", "0"), ("--batch", "x"), ("--seed", "1")])
def test_verify_without_sense_is_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any], options: tuple[str, ...]
) -> None:
    assert engagement(deployed, "verify", *options).exit_code == 2


# in batches


@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
@pytest.mark.parametrize(("begin", "end"), [(None, None), (2, None), (None, 5), (2, 5), (3, 4)])
def test_verify_ranges_leave_no_key_out_and_none_is_larger_than_asked(
    deployed_as: Callable[[str], Connection], key_type: str, begin: int | None, end: int | None
) -> None:
    connection = deployed_as(key_type)
    connection.execute(
        "insert into crm.customer (display_name) select 'x' from generate_series(1, 7)"
    )
    connection.execute("call engagement.recalculate()")
    rows = connection.execute(
        "select customer_id::text from engagement.customer_score order by customer_id"
    )
    keys = [row[0] for row in rows]
    first, last = (None if at is None else keys[at] for at in (begin, end))
    for size in range(1, 9):
        ranges = queries.rows(connection, "verify_ranges", begin=first, end=last, size=size).records
        assert ranges[0]["begin_key"] == first
        assert ranges[-1]["end_key"] == last
        for one, next_one in itertools.pairwise(ranges):
            assert one["end_key"] == next_one["begin_key"]
        expected = len(keys[begin:end])
        counts = [part["customer_count"] for part in ranges]
        assert sum(counts) == expected
        assert all(number == size for number in counts[:-1])
        assert 0 < counts[-1] <= size


def test_verify_ranges_of_nobody_is_one_range(deployed: Connection) -> None:
    ranges = queries.rows(deployed, "verify_ranges", begin="5", end="9", size=3).records
    assert ranges == [{"begin_key": "5", "end_key": "9", "customer_count": 0}]


@pytest.mark.parametrize("size", ["1", "2", "100"])
def test_verify_in_batches_finds_what_verify_finds(
    deployed: Connection, association: People, engagement: Callable[..., Any], size: str
) -> None:
    proven = engagement(deployed, "verify", "--batch", size)
    assert (proven.exit_code, proven.stdout.split(":")[0]) == (0, "Proven")
    assert "VERIFY: comparing customers 0 of 3" in proven.stderr
    tamper(deployed)
    # The database repeats this for every part.
    deployed.execute("alter view engagement_host.invoice_line rename to mislaid")
    result = engagement(deployed, "verify", "--batch", size, "--format", "json")
    assert result.exit_code == 3
    assert shown(result) == found(deployed, "")
    assert engagement(deployed, "verify", "--batch", size).exit_code == 3


def test_verify_in_batches_of_a_sample_in_a_range_is_that_part(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    tamper(deployed)
    bob = str(association.bob)
    result = engagement(
        deployed, "verify", "--batch", "1", "--from", bob, "--sample", "100%", "--format", "json"
    )
    assert shown(result) == found(deployed, f"p_from => {bob}")


def test_verify_in_batches_shows_a_bar_on_a_terminal(
    deployed: Connection, association: People, terminal: Callable[..., Any]
) -> None:
    result = terminal("verify", "--batch", "1", ENGAGEMENT_DSN=deployed.info.dsn)
    assert result.exit_code == 0
    assert "VERIFY: comparing customers" in result.output
    assert "Proven" in result.output.splitlines()[-1]


@pytest.mark.parametrize("is_tampered", [False, True])
@pytest.mark.parametrize(("stop", "exit_code"), [(KeyboardInterrupt, 130), (None, 1)])
def test_verify_in_batches_that_ends_early_says_how_to_go_on(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    stop: type[BaseException] | None,
    exit_code: int,
    is_tampered: bool,
) -> None:
    if is_tampered:
        tamper(deployed)
    rows, calls = queries.call_rows, []

    def failing(connection: Connection, name: str, /, **parameters: Any) -> queries.Rows:
        if name == "verify":
            calls.append(parameters)
            if len(calls) == 2:
                if stop:
                    raise stop
                connection.execute("select 1 / 0")
        return rows(connection, name, **parameters)

    monkeypatch.setattr(queries, "call_rows", failing)
    options = ("--batch", "1", "--sample", "100%", "--seed", "5", "--format", "json")
    result = engagement(deployed, "verify", *options)
    monkeypatch.undo()
    assert result.exit_code == (3 if is_tampered else exit_code)
    first = found(deployed, f"p_to => {association.bob}")
    assert bool(first) == is_tampered
    assert result.stdout == "" if not first else shown(result) == first
    error = result.stderr.splitlines()[-1]
    assert f"{len(first)} differences found until then" in error
    if stop is None:
        assert "22012" in error
    (command,) = re.findall("`engagement (.*)`", error)
    assert command == f"verify --from {association.bob} --sample 100% --seed 5 --batch 1"
    rest = engagement(deployed, *shlex.split(command), "--format", "json")
    assert rest.exit_code == (3 if is_tampered else 0)
    assert shown(rest) | first == found(deployed, "")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", [(), ("--batch", "1")])
def test_verify_interrupted_cancels_its_query(
    deployed: Connection,
    association: People,
    second_session: Callable[..., Connection],
    stop: signal.Signals,
    options: tuple[str, ...],
) -> None:
    blocker = second_session(deployed, autocommit=False)
    blocker.execute("lock table engagement.award in access exclusive mode")
    run = subprocess.Popen(
        [PROGRAM, "verify", *options],
        env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for = """
        do $$ begin
            while %s exists (
                select from pg_stat_activity
                where datname = current_database() and query like '%%engagement.verify(%%'
                and state = 'active' and wait_event_type = 'Lock')
            loop
                perform pg_stat_clear_snapshot();
                perform pg_sleep(0.01);
            end loop;
        end $$"""
    deployed.execute(STATEMENT_TIMEOUT)
    deployed.execute((wait_for % "not").encode())
    run.send_signal(stop)
    stdout, stderr = run.communicate(timeout=PATIENCE)
    assert (run.returncode, stdout) == (130, "")
    assert "Traceback" not in stderr
    assert "interrupted" in stderr.splitlines()[-1]
    deployed.execute((wait_for % "").encode())
