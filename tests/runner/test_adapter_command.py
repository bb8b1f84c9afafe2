"""adapter check against a real host: what it finds, how it fails, and that it changes nothing."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from engagement_runner import files
from engagement_runner.deploy import adapter, catalog, removal
from patience import PATIENCE, STATEMENT_TIMEOUT

from .conftest import PROGRAM, People, clean_environment
from .shop import GATE, HOST

Connection = psycopg.Connection[Any]


def found(result: Any) -> list[tuple[str, str, str]]:
    """Severity, place and finding of each finding of a JSON report; each ends with SQL to paste."""
    findings = json.loads(result.stdout)["findings"]
    assert all(f["hint"].endswith(";") for f in findings)
    return [(f["severity"], f["place"], f["finding"]) for f in findings]


# It changes nothing


def test_adapter_check_of_the_adapter_in_use_changes_nothing(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
) -> None:
    before = contents(deployed)
    result = engagement(deployed, "adapter", "check", "reference")
    assert result.exit_code == 0, result.output
    assert "Analytical Engines" in result.stdout
    assert contents(deployed) == before
    assert catalog.check(deployed) == []


def test_adapter_check_of_another_adapter_changes_nothing(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
) -> None:
    deployed.execute(HOST)
    before = contents(deployed)
    result = engagement(deployed, "adapter", "check", write(), "--format", "json")
    assert result.exit_code == 3
    left = [place for _, place, finding in found(result) if "not registered by this" in finding]
    assert left == ["committee_seat", "invoice_line", "order_line", "profile"]
    assert contents(deployed) == before


def test_adapter_check_where_nothing_is_deployed_leaves_nothing(
    database: str,
    databases: Any,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
) -> None:
    session = databases.connect(database)
    session.execute(HOST)
    before = contents(session)
    result = engagement(session, "adapter", "check", write(), "--format", "json")
    assert result.exit_code == 0, result.output
    assert found(result) == [("hint", "deal", "no active rule matches")]
    views = {view["view"]: view for view in json.loads(result.stdout)["views"]}
    assert views["deal"]["row_count"] == 2
    assert contents(session) == before


@pytest.mark.parametrize(
    ("replaced", "place", "state"),
    [
        # A view that cannot be made ends the trial; a call that fails is one finding of several.
        (("from shop.deal;", "from shop.deals;"), "shop.sql:18: ERROR 42P01", None),
        (("from shop.deal;", "from shop.deal;\ncommit;"), "shop.sql:19: a deployment is one", None),
        (("'shop.deal', 'deal_id'", "'shop.deal', 'id'"), "shop.sql:22", "EG008"),
        (("'ORDER_CREATION'", "'ORDER'"), "shop.sql:20", "EG005"),
    ],
)
@pytest.mark.parametrize("is_deployed", [True, False])
def test_adapter_check_that_fails_half_way_names_the_line_and_changes_nothing(
    request: pytest.FixtureRequest,
    databases: Any,
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
    is_deployed: bool,
    replaced: tuple[str, str],
    place: str,
    state: str | None,
) -> None:
    if is_deployed:
        session = request.getfixturevalue("shop")
    else:
        session = databases.connect(request.getfixturevalue("database"))
        session.execute(HOST)
    before = contents(session)
    result = engagement(session, "adapter", "check", write(replaced), "--format", "json")
    assert result.exit_code == 1, result.output
    if state is None:
        assert result.stdout == ""
        assert place in result.stderr.splitlines()[-1]
        assert "Traceback" not in result.output
    else:
        error = json.loads(result.stdout)["findings"][0]
        assert (error["severity"], error["place"]) == ("error", place)
        assert error["finding"].startswith(state)
        assert error["hint"]
    assert contents(session) == before


def test_adapter_check_goes_on_past_calls_that_fail(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    path = write(
        ("amount as amount", "amount::float8 as amount, 'x' as extra"),
        ("'shop.job', 'client_id'", "'shop.job', 'person'"),
    )
    result = engagement(shop, "adapter", "check", path, "--format", "json")
    assert result.exit_code == 1
    shape, key, *rest = found(result)
    assert shape[:2] == ("error", "shop.sql:20")
    assert "column amount is double precision, write amount::numeric" in shape[2]
    assert "column extra does not belong here" in shape[2]
    assert key[:2] == ("error", "shop.sql:24")
    # That triggers cannot be attached for a source that is not there is no news.
    assert not [finding for finding in rest if finding[0] == "error"]


@pytest.mark.parametrize(
    ("text", "named"),
    [("select 1", "missing in schema engagement_host: customer, employment, subject"),
     ("create view engagement_host.customer as select 1 as customer_id", "employment, subject")],
)  # fmt: skip
def test_adapter_check_without_the_required_views_names_them(
    shop: Connection, engagement: Callable[..., Any], tmp_path: Path, text: str, named: str
) -> None:
    path = tmp_path / "little.sql"
    path.write_text(text)
    result = engagement(shop, "adapter", "check", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    error = result.stderr.splitlines()[-1]
    assert "EG007" in error
    assert named in error


# What it finds


@pytest.mark.parametrize(
    ("old", "new", "severity", "finding", "row_count"),
    [
        ("deal_id as", "nullif(deal_id, 11) as", "problem", "source_id is NULL", 1),
        ("from shop.deal;", "from shop.deal, shop.client c(x);", "problem",
         "source_id is not unique", 4),
        ("client_id as customer_id,\n       null", "nullif(client_id, 1) as customer_id, null",
         "problem", "customer_id is NULL", 1),
        ("client_id as customer_id,\n       null", "client_id + 90 as customer_id, null",
         "problem", "customer_id is not in engagement_host.customer", 2),
        ("done_at as", "nullif(done_at, '2024-01-02 10:00+00') as", "problem",
         "occurred_at is NULL", 1),
        ("done_at as", "case when deal_id = 12 then 'infinity' else done_at end as", "problem",
         "occurred_at is infinite or out of range", 1),
        ("null::timestamptz as", "done_at as", "problem", "ended_at is not after occurred_at", 2),
        ("1::numeric as", "'NaN'::numeric as", "problem",
         "quantity is NaN, infinite or out of range", 2),
        ("1::numeric as", "null::numeric as", "hint", "quantity is NULL", 2),
        ("amount as amount", "'-infinity'::numeric as amount", "problem",
         "amount is NaN, infinite or out of range", 2),
        ("amount as amount", "nullif(amount, 20) as amount", "hint", "amount is NULL", 1),
        ("thing as", "thing || deal_id as", "hint", "subject is not in engagement_host.subject", 2),
        ("from shop.deal;", "from shop.deal where amount < 0;", "hint", "the view has no rows",
         None),
        ("'ORDER_CREATION'", "'INVOICE_CREATION'", "hint", "no active rule matches", 2),
    ],
)  # fmt: skip
def test_adapter_check_finds_what_costs_points(
    shop: Connection,
    engagement: Callable[..., Any],
    write: Callable[..., str],
    old: str,
    new: str,
    severity: str,
    finding: str,
    row_count: int | None,
) -> None:
    clean = engagement(shop, "adapter", "check", write(), "--format", "json")
    assert (clean.exit_code, found(clean)) == (0, [])
    result = engagement(shop, "adapter", "check", write((old, new)), "--format", "json")
    assert result.exit_code == (3 if severity == "problem" else 0), result.output
    by_name = {f["finding"]: f for f in json.loads(result.stdout)["findings"]}
    assert by_name[finding]["severity"] == severity
    assert by_name[finding]["place"] == "deal"
    assert by_name[finding]["row_count"] == row_count
    assert by_name[finding]["hint"]


#: How the adapter shows what a deal takes back, once the host has the columns.
REVERSALS = (
    ("1::numeric as quantity", "pieces as quantity"),
    ("null::timestamptz as ended_at", "null::timestamptz as ended_at, takes_back as reverses_id"),
)


@pytest.mark.parametrize(
    ("deals", "findings"),
    [
        # deal_id, amount, pieces, takes_back; 11 is one piece for 10.
        pytest.param("(21, -4, 0, 11), (22, 4, 0, 21), (23, -7, -1, 11)", [], id="given back"),
        pytest.param("(21, -10, 1, 11)", [], id="the amount tells the sign"),
        pytest.param(
            "(21, -10, -1, 91), (22, -10, -1, 92)",
            [("problem", "reverses_id names no row of the view", 2, "21")], id="no original",
        ),
        pytest.param(
            "(21, -10, -1, 91), (22, -10, -1, 11)",
            [("hint", "reverses_id names a row that is not in the view", 1, "21")],
            id="one without original",
        ),
        pytest.param(
            "(21, -6, 0, 11), (22, -6, 0, 11), (23, -6, 0, 12)",
            [("hint", "more is taken back than there was", 1, "11")], id="too much money",
        ),
        pytest.param(
            "(21, -1, -2, 11)",
            [("hint", "more is taken back than there was", 1, "11")], id="too many pieces",
        ),
        pytest.param(
            "(21, -6, 0, 11), (22, 9, 0, 21)",
            [("hint", "more is taken back than there was", 1, "21")], id="too much given back",
        ),
        pytest.param(
            "(21, 6, 0, 11), (22, 0, 1, 12)",
            [("hint", "a reversal has the sign of what it takes back", 2, "21")], id="it adds",
        ),
        pytest.param(
            "(21, -6, 0, 21), (22, -6, 0, 11)",
            [("problem", "reverses_id goes round in a circle", 1, "21")], id="itself",
        ),
        pytest.param(
            "(21, -1, 0, 22), (22, 1, 0, 21), (23, -1, 0, 22)",
            [("problem", "reverses_id goes round in a circle", 3, "21")], id="each other",
        ),
        pytest.param(
            "(21, -6, 1, null::bigint), (22, 6, -1, null)",
            [("hint", "quantity or amount is negative, and reverses_id is NULL", 2, "21")],
            id="negative",
        ),
    ],
)  # fmt: skip
def test_adapter_check_finds_odd_reversals(
    shop: Connection,
    engagement: Callable[..., Any],
    write: Callable[..., str],
    deals: str,
    findings: list[tuple[str, str, int, str]],
) -> None:
    shop.execute(
        "alter table shop.deal add column pieces numeric default 1, add column takes_back bigint"
    )
    shop.execute(
        "insert into shop.deal select deal_id, 1, 'book', amount, '2025-05-01', pieces, takes_back"
        f" from (values {deals}) d (deal_id, amount, pieces, takes_back)".encode()
    )
    result = engagement(shop, "adapter", "check", write(*REVERSALS), "--format", "json")
    told = json.loads(result.stdout)["findings"]
    keys = ("severity", "finding", "row_count", "example")
    assert [tuple(f[key] for key in keys) for f in told] == findings
    assert result.exit_code == (3 if "problem" in {severity for severity, *_ in findings} else 0)
    assert all(f["hint"].endswith(";") for f in told)


def test_adapter_check_has_no_word_on_negative_rows_where_nothing_can_say_what_they_reverse(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    shop.execute("insert into shop.deal values (21, 1, 'book', -10, '2025-05-01')")
    result = engagement(shop, "adapter", "check", write(), "--format", "json")
    assert (result.exit_code, found(result)) == (0, [])


def test_statements_that_show_the_rows_of_a_finding_run(deployed: Connection) -> None:
    looks = deployed.execute(
        "select format(t.look, 'engagement_host.invoice_line', 'PRODUCT_PURCHASE')"
        " from engagement.finding_texts() t where t.look is not null"
    ).fetchall()
    assert len(looks) > 15
    for (look,) in looks:
        deployed.execute(look)


def test_adapter_check_gives_the_key_of_a_row_as_example(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    path = write(("done_at as", "nullif(done_at, '2025-03-04 10:00+00') as"))
    result = engagement(shop, "adapter", "check", path, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["place"], row["row_count"], row["example"]) == ("deal", "1", "12")


def test_adapter_check_names_subjects_that_no_rule_is_for(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    shop.execute("""select engagement.revise_rule('BOUGHT', '{"subject_id": "book"}', true)""")
    shop.execute("insert into shop.deal values (13, 2, 'pen', 1, '2025-01-01')")
    result = engagement(shop, "adapter", "check", write(), "--format", "json")
    by_name = {f["finding"]: f for f in json.loads(result.stdout)["findings"]}
    unmatched = by_name["no active rule matches"]
    assert (unmatched["row_count"], unmatched["example"]) == (1, "pen")


@pytest.mark.parametrize(
    ("old", "new", "place", "finding"),
    [
        ("client_id as customer_id,\n       case", "1::bigint as customer_id, case",
         "customer", "customer_id is not unique"),
        ("client_id as customer_id,\n       case", "nullif(client_id, 2) as customer_id, case",
         "customer", "customer_id is NULL"),
        ("'COMPANY' else 'INDIVIDUAL'", "'COMPANY' else 'PERSON'", "customer",
         "customer_type is neither INDIVIDUAL nor COMPANY"),
        ("true as is_active", "null::boolean as is_active", "customer", "is_active is NULL"),
        ("client_id as employee_id", "client_id + 90 as employee_id", "employment",
         "employee_id is not in engagement_host.customer"),
        ("client_id as employee_id", "nullif(client_id, 1) as employee_id", "employment",
         "employee_id or employer_id is NULL"),
        ("firm_id as employer_id", "2::bigint as employer_id", "employment",
         "employer_id is no COMPANY in engagement_host.customer"),
        ("true as is_primary", "false as is_primary", "employment", "no job is primary"),
        ("true as is_primary", "null::boolean as is_primary", "employment", "is_primary is NULL"),
        ("begin_on, end_on", "begin_on, begin_on - 1 as end_on", "employment",
         "end_on is before begin_on"),
        ("'A book'::text as display_name;", "'A book'::text as display_name from shop.client;",
         "subject", "engagement_type and subject_id are not unique"),
        ("'PRODUCT_PURCHASE'::text", "'PURCHASE'::text", "subject", "engagement_type is unknown"),
        ("'book'::text", "null::text", "subject", "engagement_type or subject_id is NULL"),
    ],
)  # fmt: skip
def test_adapter_check_finds_what_is_wrong_with_customers_jobs_and_labels(
    shop: Connection,
    engagement: Callable[..., Any],
    write: Callable[..., str],
    old: str,
    new: str,
    place: str,
    finding: str,
) -> None:
    result = engagement(shop, "adapter", "check", write((old, new)), "--format", "json")
    assert result.exit_code == 3, result.output
    assert ("problem", place, finding) in found(result)


REGISTERED = "\ncall engagement.register_source("
MERGED = """
create view engagement_host.merged_customer as
select from_id::bigint, into_id::bigint from (values (2, 1), {rows}) v (from_id, into_id);
"""


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("(4, 5), (5, 1)", []),
        ("(1, null)", ["pairs with NULL"]),
        ("(1, 1)", ["pairs of a customer with itself"]),
        ("(1, 2)", ["pairs in a circle"]),
        ("(2, 3)", ["pairs of a customer who is merged into two"]),
        ("(3, 4)", ["into_id is neither in engagement_host.customer nor merged further"]),
    ],
)
def test_adapter_check_of_merged_customers(
    shop: Connection,
    engagement: Callable[..., Any],
    write: Callable[..., str],
    rows: str,
    expected: list[str],
) -> None:
    path = write((REGISTERED, MERGED.format(rows=rows) + REGISTERED))
    result = engagement(shop, "adapter", "check", path, "--format", "json")
    assert found(result) == [("problem", "merged_customer", finding) for finding in expected]
    assert result.exit_code == (3 if expected else 0), result.output
    (view_found,) = [
        v for v in json.loads(result.stdout)["views"] if v["view"] == "merged_customer"
    ]
    assert view_found["row_count"] == 1 + rows.count("(")
    assert len(view_found["sample"]) == view_found["row_count"]


def test_adapter_check_of_merged_customers_of_another_shape(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    view = "create view engagement_host.merged_customer as select 1::bigint as from_id;\n"
    path = write((REGISTERED, view + REGISTERED))
    result = engagement(shop, "adapter", "check", path, "--format", "json")
    assert result.exit_code == 1
    assert "into_id is missing" in result.output


OUTCOME = """
create view engagement_host.fate as
select customer_id::bigint, decided_at::timestamptz, happened::boolean, null::numeric as value
from (values {rows}) v (customer_id, decided_at, happened);
call engagement.register_outcome('FATE', 'engagement_host.fate', 'What became of them');
"""


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("(1, '2025-01-01', true), (2, '2025-01-01', false)", []),
        ("(1, '2999-01-01', true)", [("problem", "the outcome is known before it is decided")]),
        ("(1, '2999-01-01', null)", [("hint", "happened is NULL")]),
        (
            "(1, '2025-01-01', true), (1, '2025-01-01', false)",
            [("problem", "customer_id and decided_at are not unique")],
        ),
    ],
)
def test_adapter_check_of_an_outcome(
    shop: Connection,
    engagement: Callable[..., Any],
    write: Callable[..., str],
    rows: str,
    expected: list[tuple[str, str]],
) -> None:
    path = write((REGISTERED, OUTCOME.format(rows=rows) + REGISTERED))
    result = engagement(shop, "adapter", "check", path, "--format", "json")
    assert found(result) == [(severity, "FATE", finding) for severity, finding in expected]
    (view_found,) = [v for v in json.loads(result.stdout)["views"] if v["view"] == "FATE"]
    assert view_found["row_count"] == rows.count("(")


def test_deploy_of_an_adapter_without_its_outcome_ends_the_outcome(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    outcome = OUTCOME.format(rows="(1, '2025-01-01', true)")
    path = Path(
        write((REGISTERED, outcome + REGISTERED), ("create view", "create or replace view"))
    )
    assert engagement(shop, "deploy", "--host", str(path)).exit_code == 0
    assert json.loads(engagement(shop, "backtest", "--format", "json").stdout) == [
        {
            "outcome": "FATE",
            "description": "What became of them",
            "view_name": "engagement_host.fate",
        }
    ]
    text = path.read_text()
    path.write_text(
        text[: text.index("call engagement.register_outcome")]
        + REGISTERED
        + text.split(REGISTERED)[1]
    )
    assert engagement(shop, "deploy", "--host", str(path)).exit_code == 0
    assert engagement(shop, "backtest").stdout == "No outcome is registered.\n"


def test_adapter_check_names_tables_without_triggers(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    path = write(("call engagement.attach_triggers('customer', 'shop.client', 'client_id');", ""))
    result = engagement(shop, "adapter", "check", path, "--format", "json")
    assert result.exit_code == 3
    assert found(result) == [
        ("problem", "customer", "reads table shop.client and has no triggers there")
    ]


@pytest.mark.parametrize("is_large", [True, False])
def test_adapter_check_names_missing_indexes(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str], is_large: bool
) -> None:
    shop.execute("drop index shop.deal_client_id_idx")
    if is_large:
        shop.execute(
            "insert into shop.deal select g, 2, 'book', 1, now() from generate_series(100, 6000) g"
        )
    result = engagement(shop, "adapter", "check", write(), "--format", "json")
    assert result.exit_code == (3 if is_large else 0)
    by_customer = next(f for f in found(result) if "from end to end" in f[2] or "no index" in f[2])
    assert by_customer[:2] == ("problem" if is_large else "hint", "deal")
    assert by_customer[2].startswith(
        "no index serves the look-up by customer_id: each key reads the whole of shop.deal ("
        if is_large
        else "look-ups read small tables from end to end: shop.deal ("
    )


# Keys as docs/write-an-adapter.md advises: type of the keys, key of a deal in the view, condition
# in the view, what the host or the DBA has an index on.
KEYS = [
    ("bigint", "deal_id", "deal_id = deal_id::bigint", "(deal_id)"),
    ("bigint", "deal_id::bigint", "true", "((deal_id::bigint))"),
    ("bigint", "10000000000 + deal_id", "true", "((10000000000 + deal_id))"),
    ("text", "deal_id::text || '/' || line_no::text", "true",
     "((deal_id::text || '/' || line_no::text))"),
    ("text", "deal_id::text", "true", "((deal_id::text))"),
]  # fmt: skip


@pytest.mark.parametrize(("key_type", "key", "condition", "index"), KEYS)
@pytest.mark.parametrize("is_indexed", [True, False])
def test_adapter_check_of_keys_as_the_page_advises_finds_their_index(
    database: str,
    databases: Any,
    engagement: Callable[..., Any],
    write: Callable[..., str],
    key_type: str,
    key: str,
    condition: str,
    index: str,
    is_indexed: bool,
) -> None:
    session = databases.connect(database)
    session.execute(HOST)
    session.execute(
        "drop table shop.deal;"
        " create table shop.deal (deal_id integer, line_no integer, client_id bigint, thing text,"
        " amount numeric, done_at timestamptz);"
        " insert into shop.deal select g, 1, 1, 'book', 1, now() from generate_series(1, 20000) g;"
        " analyze shop.deal"
    )
    if is_indexed:
        session.execute(f"create index on shop.deal {index}")
    replaced = [
        ("select deal_id as source_id", f"select ({key})::engagement.host_key as source_id"),
        ("from shop.deal;", f"from shop.deal where {condition};"),
        ("'shop.deal', 'deal_id'", "'shop.deal', $${}$$".format(key.removesuffix("::bigint"))),
    ]
    if key_type == "text":
        replaced += [
            ("client_id as", "client_id::text as"), ("firm_id as", "firm_id::text as"),
            ("null::bigint", "null::text"),
        ]  # fmt: skip
    options = ("--key-type", key_type, "--format", "json")
    result = engagement(session, "adapter", "check", write(*replaced), *options)
    unindexed = [
        finding
        for _, _, finding in found(result)
        if finding.startswith("no index serves the look-up by ") and "source_id" in finding
    ]
    assert bool(unindexed) is not is_indexed
    (times,) = (
        row
        for row in json.loads(result.stdout)["look_ups"]
        if (row["view"], row["column_name"]) == ("deal", "source_id")
    )
    assert times["row_count"] == times["key_count"] > 0


def test_adapter_check_times_look_ups_by_keys_that_are_there(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    shop.execute(
        "insert into shop.deal select g, 2, 'pen', 1, now() from generate_series(100, 199) g"
    )
    result = engagement(shop, "adapter", "check", write(), "--format", "json")
    look_ups = {
        (row["view"], row["column_name"]): row for row in json.loads(result.stdout)["look_ups"]
    }
    assert set(look_ups) == {
        ("deal", "source_id"), ("deal", "customer_id"), ("customer", "customer_id"),
        ("employment", "employee_id"), ("employment", "employer_id"),
    }  # fmt: skip
    assert look_ups["deal", "source_id"]["row_count"] == look_ups["deal", "source_id"]["key_count"]
    assert look_ups["deal", "source_id"]["key_count"] > 50
    assert all(row["ms_per_key"] >= 0 for row in look_ups.values())
    assert {key for key, row in look_ups.items() if row["ms_per_1000_keys"] is not None} == {
        ("deal", "source_id")
    }
    few = engagement(shop, "adapter", "check", write(), "--format", "json", "--keys", "1")
    assert {row["key_count"] for row in json.loads(few.stdout)["look_ups"]} == {1}


def test_adapter_check_shows_rows_dates_and_samples(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    result = engagement(shop, "adapter", "check", write())
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert (
        "deal PRODUCT_PURCHASE, ORDER_CREATION 2 2 1 2024-01-02 10:00 2025-03-04 10:00"
    ) in lines
    assert "source_id 11 12" in lines
    assert "occurred_at 2024-01-02T10:00:00+00:00 2025-03-04T10:00:00+00:00" in lines
    assert lines[-2:] == ["Findings", "None."]
    assert "measuring deal" in result.stderr
    without = engagement(shop, "adapter", "check", write(), "--rows", "0")
    assert "Ada" in result.stdout
    assert "Ada" not in without.stdout


def test_adapter_check_of_a_view_that_cannot_be_read_measures_the_others(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    path = write(("amount as amount", "amount / (deal_id - 11) as amount"))
    result = engagement(shop, "adapter", "check", path, "--format", "json")
    assert result.exit_code == 3
    (unread,) = (f for f in found(result) if f[0] == "problem")
    assert unread[:2] == ("problem", "deal")
    assert "cannot be read: ERROR 22012" in unread[2]
    assert {view["view"] for view in json.loads(result.stdout)["views"]} == set(adapter.HOST_VIEWS)


@pytest.mark.parametrize(
    "body", ["select min(deal_id) from deal", "select plus_one(1)", "select 1::deal_number"]
)
def test_adapter_check_of_a_function_that_names_no_schema_says_under_which_path_it_is_read(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str], body: str
) -> None:
    shop.execute(
        f"""
        create function shop.plus_one(p integer) returns integer language sql as 'select p + 1';
        create domain shop.deal_number as integer;
        create function shop.least_deal() returns numeric language plpgsql set search_path = shop
        as 'begin return ({body}); end';
        """
    )
    path = write(("amount as amount", "amount + shop.least_deal() as amount"))
    assert not [f for f in found(engagement(shop, "adapter", "check", path, "--format", "json"))
                if f[0] == "problem"]  # fmt: skip
    shop.execute("alter function shop.least_deal() reset search_path")
    result = engagement(shop, "adapter", "check", path, "--format", "json")
    assert result.exit_code == 3
    (hint,) = (
        f["hint"] for f in json.loads(result.stdout)["findings"] if f["severity"] == "problem"
    )
    assert "search_path = pg_catalog, pg_temp" in hint


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_adapter_check_with_other_keys(
    deployed_as: Callable[[str], Connection], engagement: Callable[..., Any], key_type: str
) -> None:
    session = deployed_as(key_type)
    session.execute(
        "insert into crm.customer (customer_type, display_name) values ('COMPANY', 'Firm')"
    )
    result = engagement(session, "adapter", "check", "reference", "--format", "json")
    assert result.exit_code == 0, result.output
    look_ups = json.loads(result.stdout)["look_ups"]
    assert 1 in [row["row_count"] for row in look_ups if row["view"] == "customer"]


# Whom it keeps waiting, and who may do it


@pytest.fixture
def while_measuring(
    second_session: Callable[..., Connection], wait_until_blocked: Callable[[Connection], None]
) -> Callable[..., adapter.AdapterReport]:
    """``while_measuring(session, path, act)``: check the adapter; meanwhile ``act(host)``.

    A view of the adapter asks gate(), which does not answer before ``act`` has ended.
    """

    def run(
        session: Connection, path: str, act: Callable[[Connection], None]
    ) -> adapter.AdapterReport:
        gate, checking, host = (second_session(session) for _ in range(3))
        gate.execute("select pg_advisory_lock(1, 1)")
        results: list[adapter.AdapterReport] = []
        thread = threading.Thread(target=lambda: results.append(adapter.check(checking, path)))
        thread.start()
        try:
            wait_until_blocked(checking)
            host.execute(f"set lock_timeout = '{PATIENCE}s'")  # so that waiting would fail
            act(host)
        finally:
            gate.execute("select pg_advisory_unlock(1, 1)")
            thread.join()
        return results[0]

    return run


def test_adapter_check_lets_the_host_write_and_its_triggers_score(
    deployed: Connection,
    association: People,
    while_measuring: Callable[..., adapter.AdapterReport],
    tmp_path: Path,
) -> None:
    deployed.execute(GATE.format(schema="crm"))
    text = (files.root() / files.HOSTS / "reference.sql").read_text()
    where = "where l.line_status = 'ACTIVE'"
    assert where in text
    path = tmp_path / "gated.sql"
    path.write_text(text.replace(where, f"{where} and (select crm.gate())"))

    def act(host: Connection) -> None:
        host.execute("update crm.order_line set quantity = 6")
        host.execute("insert into crm.customer (display_name) values ('New')")
        scored = host.execute("select engagement.score_at(%s)", (association.ada,)).fetchone()
        assert scored == (92,)
        assert host.execute("select engagement.score_card(%s)", (association.ada,)).fetchone()

    assert not while_measuring(deployed, str(path), act).has("error")
    failures = deployed.execute("select count(*) from engagement.scoring_failure").fetchone()
    assert failures == (0,)
    assert catalog.check(deployed) == []


def test_adapter_check_before_the_first_deployment_lets_the_host_write(
    database: str,
    databases: Any,
    while_measuring: Callable[..., adapter.AdapterReport],
    write: Callable[..., str],
) -> None:
    session = databases.connect(database)
    session.execute(HOST)
    session.execute(GATE.format(schema="shop"))

    def act(host: Connection) -> None:
        host.execute("insert into shop.deal values (13, 1, 'pen', 5, now())")
        host.execute("update shop.client set client_name = 'Ada L.' where client_id = 1")

    path = write(("from shop.deal;", "from shop.deal where (select shop.gate());"))
    measured = while_measuring(session, path, act)
    assert "deal" in [view["view"] for view in measured.views.records]


def test_adapter_check_of_a_locked_table_gives_way_and_tries_again(
    shop: Connection, second_session: Callable[..., Connection], write: Callable[..., str]
) -> None:
    migration = second_session(shop, autocommit=False)
    migration.execute("lock table shop.deal in access exclusive mode")
    told: list[str] = []

    def report(line: str) -> None:
        told.append(line)
        if "a lock is held" in line:
            migration.rollback()

    measured = adapter.check(second_session(shop), write(), report=report)
    assert "a lock is held" in told[0]
    assert not measured.has("problem")
    assert [view["row_count"] for view in measured.views.records if view["view"] == "deal"] == [2]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_adapter_check_interrupted_cancels_its_query_and_changes_nothing(
    shop: Connection,
    second_session: Callable[..., Connection],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
    stop: signal.Signals,
) -> None:
    shop.execute(GATE.format(schema="shop"))
    before = contents(shop)
    second_session(shop).execute("select pg_advisory_lock(1, 1)")
    path = write(("from shop.deal;", "from shop.deal where (select shop.gate());"))
    run = subprocess.Popen(
        [PROGRAM, "adapter", "check", path],
        env=clean_environment(ENGAGEMENT_DSN=shop.info.dsn),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for = """
        do $$ begin
            while {} exists (
                select from pg_locks l
                where l.locktype = 'advisory' and (l.classid, l.objid) = (1, 1) and not l.granted)
            loop
                perform pg_stat_clear_snapshot();
                perform pg_sleep(0.01);
            end loop;
        end $$"""
    shop.execute(STATEMENT_TIMEOUT)
    shop.execute(wait_for.format("not"))
    run.send_signal(stop)
    stdout, stderr = run.communicate(timeout=PATIENCE)
    assert (run.returncode, stdout) == (130, ""), stderr
    assert "Traceback" not in stderr
    assert "nothing is changed" in stderr.splitlines()[-1]
    shop.execute(wait_for.format(""))
    assert contents(shop) == before


def test_adapter_check_by_a_role_without_the_right_to_triggers_names_it(
    shop: Connection,
    second_session: Callable[..., Connection],
    engagement: Callable[..., Any],
    contents: Callable[[Connection], str],
    write: Callable[..., str],
) -> None:
    removal.undeploy(shop)
    name = f"author_of_{shop.info.dbname}"
    role, database = sql.Identifier(name), sql.Identifier(shop.info.dbname)
    shop.execute(
        sql.SQL(
            """
            create role {role} login;
            grant create on database {database} to {role};
            grant usage on schema shop to {role};
            grant select on all tables in schema shop to {role};
            """
        ).format(role=role, database=database)
    )
    author = second_session(shop, user=name)
    try:
        before = contents(shop)
        result = engagement(author, "adapter", "check", write(), "--format", "json")
        assert result.exit_code == 1, result.output
        refused = [f for f in json.loads(result.stdout)["findings"] if f["severity"] == "error"]
        assert [f["place"] for f in refused] == ["shop.sql:22", "shop.sql:23", "shop.sql:24"]
        assert refused[0]["finding"].startswith("EG008")
        assert refused[0]["hint"] == f"grant select, trigger on shop.deal to {name};"
        shop.execute(
            sql.SQL("grant trigger on all tables in schema shop to {role}").format(role=role)
        )
        result = engagement(author, "adapter", "check", write(), "--format", "json")
        assert result.exit_code == 0, result.output
        shop.execute(sql.SQL("revoke trigger on all tables in schema shop from {}").format(role))
        assert contents(shop) == before
        shop.execute(sql.SQL("revoke select on all tables in schema shop from {}").format(role))
        result = engagement(author, "adapter", "check", write(), "--format", "json")
        assert result.exit_code == 1, result.output
        unread = [
            f["hint"]
            for f in json.loads(result.stdout)["findings"]
            if f["finding"].startswith("cannot be read: ERROR 42501")
        ]
        assert unread
        rights = f"grant select, trigger on shop.client, shop.deal, shop.job to {name};"
        assert all(hint.endswith(rights) for hint in unread)
    finally:
        author.close()
        shop.execute(sql.SQL("drop owned by {role} cascade; drop role {role}").format(role=role))


def test_adapter_check_with_another_version_in_the_database_is_refused(
    shop: Connection, engagement: Callable[..., Any], write: Callable[..., str]
) -> None:
    shop.execute(
        "update engagement_meta.applied_file set checksum = 'other'"
        " where path = 'procedures/run/recalculate.sql'"
    )
    result = engagement(shop, "adapter", "check", write())
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "engagement deploy" in result.stderr.splitlines()[-1]


def test_adapter_check_of_an_unknown_adapter_names_those_there_are(
    shop: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(shop, "adapter", "check", "nowhere")
    assert result.exit_code == 1
    assert "reference" in result.stderr
