"""adapter check on hosts that it has never seen: what is right passes, what is wrong is named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy

from .adapter_hosts import HOSTS

Connection = psycopg.Connection[Any]

#: The indexes of each host that serve a look-up of its views.
SERVING = {
    "camel": 'app."Order_memberId_idx", app."OrderLine_orderId_idx",'
    ' app."OrderLine_productCode_idx"',
    "composite": "erp.sale_client_code_idx, erp.sale_line_expr_idx, erp.sale_line_sale_no_idx",
    "bundle": "desk.item_person_id_idx, desk.item_coalesce_idx",
}

#: How the adapter of COMPOSITE shows the class of a line.
CLASS = "null::text as subject_class, l.quantity"

Finding = dict[str, Any]


class Trial:
    """A host in a database of its own, and adapters that are tried on it."""

    def __init__(
        self, name: str, session: Connection, engagement: Callable[..., Any], path: Path
    ) -> None:
        self.host = HOSTS[name]
        self.session = session
        self.result: Any = None
        self._engagement = engagement
        self._path = path
        session.execute(self.host.tables)

    def check(self, *replacements: tuple[str, str], key_type: str | None = "") -> list[Finding]:
        """Try the adapter with replacements, each of which must occur; return the findings."""
        text = self.host.adapter
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        self._path.write_text(text)
        options = ["--key-type", self.host.key_type] if key_type == "" else []
        self.result = self._engagement(
            self.session, "adapter", "check", str(self._path), "--format", "json", *options
        )
        findings = json.loads(self.result.stdout)["findings"] if self.result.stdout else []
        assert all(f["hint"].endswith(";") or "--key-type" in f["hint"] for f in findings)
        return findings

    def problem(self, *replacements: tuple[str, str]) -> Finding:
        """Return the only problem of the adapter with replacements."""
        findings = self.check(*replacements)
        assert self.result.exit_code == 3, self.result.output
        (finding,) = (f for f in findings if f["severity"] == "problem")
        return finding


@pytest.fixture
def trial_on(
    databases: Any, engagement: Callable[..., Any], tmp_path: Path
) -> Callable[[str], Trial]:
    """``trial_on("camel")``: that host in a new database without the package."""

    def make(name: str) -> Trial:
        session = databases.connect(databases.create())
        return Trial(name, session, engagement, tmp_path / f"{name}.sql")

    return make


# What is right


@pytest.mark.parametrize("name", HOSTS)
def test_adapter_check_of_a_good_adapter_finds_no_problem(
    trial_on: Callable[[str], Trial], name: str
) -> None:
    trial = trial_on(name)
    findings = trial.check()
    assert trial.result.exit_code == 0, trial.result.output
    assert {f["severity"] for f in findings} == {"hint"}
    assert {f["finding"] for f in findings} == {"no active rule matches", "the view has no rows"}


@pytest.mark.parametrize("name", HOSTS)
def test_deploy_of_a_good_adapter_warns_of_nothing(
    trial_on: Callable[[str], Trial], tmp_path: Path, name: str
) -> None:
    trial = trial_on(name)
    trial.check()
    warnings: list[str] = []
    trial.session.add_notice_handler(
        lambda notice: (
            warnings.append(str(notice.message_primary)) if notice.severity == "WARNING" else None
        )
    )
    deploy(trial.session, str(tmp_path / f"{name}.sql"), trial.host.key_type)
    assert warnings == []


# Indexes


@pytest.mark.parametrize("name", HOSTS)
def test_adapter_check_offers_indexes_that_serve(
    trial_on: Callable[[str], Trial], name: str
) -> None:
    trial = trial_on(name)
    trial.session.execute(f"drop index {SERVING[name]}".encode())
    unindexed = [f for f in trial.check() if f["severity"] == "problem"]
    assert unindexed
    assert all(f["finding"].startswith("no index serves the look-up by ") for f in unindexed)
    offered = [
        s for f in unindexed for s in re.findall(r"create index concurrently .*?;", f["hint"])
    ]
    assert len(offered) == len(SERVING[name].split(", "))
    for statement in offered:
        trial.session.execute(statement.encode())
    trial.check()
    assert trial.result.exit_code == 0, trial.result.output


def test_adapter_check_offers_no_index_where_none_can_serve(
    trial_on: Callable[[str], Trial],
) -> None:
    finding = trial_on("bundle").problem(
        ("coalesce(i.parent_id, i.item_id) as", "coalesce(p.item_id, i.item_id) as"),
        (
            "from desk.item as i",
            "from desk.item as i left join desk.item as p on p.item_id = i.parent_id",
        ),
    )
    assert "document_id" in finding["finding"]
    assert "create index" not in finding["hint"]
    assert "COALESCE(p.item_id, i.item_id)" in finding["hint"]


def test_adapter_check_tells_what_an_index_serves_from_what_none_can(
    trial_on: Callable[[str], Trial],
) -> None:
    trial = trial_on("bundle")
    trial.session.execute("drop index desk.item_person_id_idx")
    found = {
        f["finding"].partition(":")[0].rpartition(" ")[2]: f["hint"]
        for f in trial.check(
            ("coalesce(i.parent_id, i.item_id) as", "coalesce(p.item_id, i.item_id) as"),
            (
                "from desk.item as i",
                "from desk.item as i left join desk.item as p on p.item_id = i.parent_id",
            ),
        )
        if f["severity"] == "problem"
    }
    assert "create index concurrently on desk.item (person_id);" in found["customer_id"]
    assert "No index can" in found["document_id"]
    assert "create index" not in found["document_id"]


def test_adapter_check_lists_the_subjects_without_a_name_of_the_sources_own_type(
    trial_on: Callable[[str], Trial], tmp_path: Path
) -> None:
    trial = trial_on("bundle")
    (hint,) = [
        f["hint"]
        for f in trial.check(("select 'PRODUCT_PURCHASE'", "select 'COMMITTEE_PARTICIPATION'"))
        if f["finding"] == "subject is not in engagement_host.subject"
    ]
    deploy(trial.session, str(tmp_path / "bundle.sql"), trial.host.key_type)
    (statement,) = re.findall(r"select .*;", hint)
    assert trial.session.execute(statement.encode()).fetchall() == [("THING",)]


def test_adapter_check_offers_no_index_on_what_changes_with_the_session(
    trial_on: Callable[[str], Trial],
) -> None:
    findings = trial_on("composite").check(
        ("l.sale_no::text as document_id", "s.sold_at::text as document_id"),
        ("'sale_no::text', 'document_id'", "'sold_at::text', 'document_id'"),
    )
    (finding,) = (f for f in findings if "no index serves" in f["finding"])
    assert "create index" not in finding["hint"]


@pytest.mark.parametrize("column", ["source_id", "customer_id"])
@pytest.mark.parametrize("volatility", ["volatile", "stable", "immutable"])
def test_adapter_check_names_the_function_that_hides_a_key(
    trial_on: Callable[[str], Trial], column: str, volatility: str
) -> None:
    trial = trial_on("bundle")
    trial.session.execute(
        "create function desk.key_of(p bigint) returns bigint language plpgsql"
        f" {volatility} as 'begin return p; end'"
    )
    key = {"source_id": "item_id", "customer_id": "person_id"}[column]
    hidden = (f"i.{key} as {column}", f"desk.key_of(i.{key}) as {column}")
    (finding,) = (f for f in trial.check(hidden) if "computed" in f["finding"])
    assert finding["severity"] == "problem"
    assert finding["place"] == "item"
    assert finding["finding"].startswith(
        f"{column} is computed by desk.key_of(bigint): each key reads the whole of desk.item ("
    )
    assert ("immutable;" in finding["hint"]) is (volatility != "immutable")
    for statement in re.findall(r"(?:alter|create) [^;]*;", finding["hint"]):
        trial.session.execute(statement.encode())
    assert not [f for f in trial.check(hidden) if f["severity"] == "problem"]


def test_adapter_check_of_a_key_by_a_function_that_the_planner_inlines_offers_its_index(
    trial_on: Callable[[str], Trial],
) -> None:
    trial = trial_on("bundle")
    trial.session.execute(
        "create function desk.key_of(p bigint) returns bigint language sql stable"
        " return p + 10000000000"
    )
    hidden = ("i.person_id as customer_id", "desk.key_of(i.person_id) as customer_id")
    (finding,) = (f for f in trial.check(hidden) if "no index" in f["finding"])
    assert finding["hint"] == (
        "create index concurrently on desk.item ((person_id + '10000000000'::bigint));"
    )


# Clocks, chance and the session


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("now()", "now()"),
        ("current_date", "current_date"),
        ("localtimestamp", "localtimestamp"),
        ("clock_timestamp()", "clock_timestamp()"),
        ("'2030-01-01'::date + random()::integer", "random()"),
        ("case when current_user = 'x' then null else '2030-01-01'::date end", "current_user"),
        ("('2030-01-01' || coalesce(current_setting('app.x', true), ''))::date",
         "current_setting()"),
        ("app.today()", "app.today(), which asks current_date"),
        ("app.atomic()", "now()"),
        ("(select t.today from engagement_host.today as t)", "current_date"),
    ],
)  # fmt: skip
def test_adapter_check_names_what_changes_without_a_trigger(
    trial_on: Callable[[str], Trial], expression: str, named: str
) -> None:
    trial = trial_on("camel")
    trial.session.execute(
        """
        create function app.today() returns date language sql stable as
        '/* now() */ select current_date -- random()';
        create function app.atomic() returns date language sql stable
        begin atomic select now()::date; end
        """
    )
    where = 'where not o."isDraft"'
    finding = trial.problem(
        (where, f'{where} and o."orderedOn" < {expression}'),
        (
            "create view engagement_host.order_line",
            "create view engagement_host.today as select current_date as today;\n"
            "create view engagement_host.order_line",
        ),
    )
    assert finding["place"] == "order_line"
    assert finding["finding"] == f"asks a clock, chance or the session: {named}"
    assert "select pg_get_viewdef('engagement_host.order_line'::regclass" in finding["hint"]


@pytest.mark.parametrize("view", ["customer", "employment", "subject"])
def test_adapter_check_names_a_clock_in_the_other_views(
    trial_on: Callable[[str], Trial], view: str
) -> None:
    old, new = {
        "customer": ("true as is_active", "now() > '2020-01-01' as is_active"),
        "employment": ("where false", "where current_date < '2020-01-01'"),
        "subject": ("'PRODUCT_PURCHASE'::text as",
                    "case when now() > '2020-01-01' then 'PRODUCT_PURCHASE' end as"),
    }[view]  # fmt: skip
    finding = trial_on("camel").problem((old, new))
    assert finding["place"] == view
    assert finding["finding"].startswith("asks a clock")


def test_adapter_check_tells_a_volatile_function_apart(trial_on: Callable[[str], Trial]) -> None:
    trial = trial_on("camel")
    trial.session.execute("create function app.f() returns boolean language sql as 'select true'")
    findings = trial.check(('where not o."isDraft"', 'where not o."isDraft" and app.f()'))
    assert trial.result.exit_code == 0, trial.result.output
    assert ("hint", "calls what is declared volatile: app.f()") in [
        (f["severity"], f["finding"]) for f in findings
    ]


# Attachments


@pytest.mark.parametrize(
    ("old", "new", "other"),
    [
        ("'id', 'document_id'", "'id'", "document_id"),
        ("'id', 'document_id'", "'\"memberId\"', 'document_id'", "customer_id"),
        ("'code', 'subject_id'", "'code', 'subject_id'", None),
    ],
)
def test_adapter_check_names_a_key_that_is_never_in_its_column(
    trial_on: Callable[[str], Trial], old: str, new: str, other: str | None
) -> None:
    trial = trial_on("camel")
    if other is None:
        trial.session.execute("""update app."Product" set code = lower(code)""")
        replaced = ('p.code = l."productCode"', 'upper(p.code) = l."productCode"')
    else:
        replaced = (old, new)
    findings = trial.check(replaced)
    assert trial.result.exit_code == 3
    (finding,) = (f for f in findings if f["finding"].startswith("none of the keys of "))
    assert finding["severity"] == "problem"
    assert finding["row_count"] == {"document_id": 2000, "customer_id": 400, None: 40}[other]
    assert "call engagement.attach_triggers(p_source => 'order_line', " in finding["hint"]
    assert (f"p_activity_column => '{other}');" in finding["hint"]) is (other is not None)


def test_adapter_check_of_a_table_of_few_keys_that_nothing_shows_yet_hints(
    trial_on: Callable[[str], Trial],
) -> None:
    trial = trial_on("camel")
    trial.session.execute(
        """
        delete from app."Product";
        insert into app."Product" values ('Q1', 'New')
        """
    )
    findings = trial.check(('join app."Product" as p', 'left join app."Product" as p'))
    (finding,) = (f for f in findings if f["finding"].startswith("none of the keys of "))
    assert finding["severity"] == "hint"


def test_adapter_check_says_how_many_rows_one_key_leads_to(
    trial_on: Callable[[str], Trial],
) -> None:
    trial = trial_on("camel")
    trial.session.execute("""update app."OrderLine" set "productCode" = 'P7'""")
    findings = trial.check()
    assert trial.result.exit_code == 0, trial.result.output
    (finding,) = (f for f in findings if "leads to" in f["finding"])
    assert (finding["row_count"], finding["example"]) == (5880, "P7")
    assert "p_key_column => 'null');" in finding["hint"]


# Sessions


@pytest.mark.parametrize(
    ("name", "old", "new", "column", "setting", "hint"),
    [
        ("camel", "\"orderedOn\"::timestamp at time zone 'Europe/Brussels'",
         '"orderedOn"::timestamptz', "occurred_at", "TimeZone",
         "engagement.start_of_day(d, engagement.parameter('TIME_ZONE'))"),
        ("composite", "s.sold_at at time zone 'UTC'", "s.sold_at::timestamptz", "occurred_at",
         "TimeZone", "t at time zone 'UTC'"),
        ("composite", CLASS, "s.sold_at::date::text as subject_class, l.quantity", "subject_class",
         "DateStyle", "to_char(d, 'YYYY-MM-DD')"),
        ("composite", CLASS, "(s.sold_at - '2020-01-01')::text as subject_class, l.quantity",
         "subject_class", "IntervalStyle", "to_char("),
        ("composite", CLASS, "(l.quantity::float8 / 3)::text as subject_class, l.quantity",
         "subject_class", "extra_float_digits", "f::numeric::text"),
        ("bundle", "i.amount,", "extract(day from i.bought_at)::numeric as amount,", "amount",
         "TimeZone", "(i at time zone engagement.parameter('TIME_ZONE'))::date"),
    ],
)  # fmt: skip
def test_adapter_check_names_columns_that_depend_on_the_session(
    trial_on: Callable[[str], Trial],
    name: str,
    old: str,
    new: str,
    column: str,
    setting: str,
    hint: str,
) -> None:
    trial = trial_on(name)
    deploy(trial.session, None, trial.host.key_type)
    trial.session.execute("select engagement.set_parameter('TIME_ZONE', 'Europe/Brussels')")
    finding = trial.problem((old, new))
    assert finding["finding"] == f"{column} depends on the session's {setting}"
    assert re.fullmatch(r".+: .+, or .+", finding["example"])
    assert hint in finding["hint"]


def test_adapter_check_names_a_key_that_is_the_text_of_a_date(
    trial_on: Callable[[str], Trial],
) -> None:
    key = "sale_no::text || '/' || {}line_no::text"
    findings = trial_on("composite").check(
        ("l.sale_no::text || '/' || l.line_no::text as", "s.sold_at::date::text || l.sale_no as"),
        (key.format(""), "(select s.sold_at::date::text || s.sale_no from erp.sale as s"
         " where s.sale_no = t.sale_no) || ''"),
    )  # fmt: skip
    (finding,) = (f for f in findings if "session's" in f["finding"])
    assert finding["finding"] == "source_id depends on the session's DateStyle"
    assert ", or " in finding["example"]


def test_session_columns_of_a_text_that_is_a_date_in_some_sessions_only_says_why(
    trial_on: Callable[[str], Trial],
) -> None:
    session = trial_on("camel").session
    deploy(session, None, "uuid")
    session.execute(
        "create view app.told as select id as source_id, ('20/' || 12 || '/25')::date as d"
        ' from app."Order"'
    )
    found = session.execute("select * from engagement.session_columns('app.told')").fetchall()
    assert [(column, here) for column, _, _, here, _ in found] == [(None, None)]
    assert found[0][4]


def test_adapter_check_leaves_the_sessions_settings_alone(trial_on: Callable[[str], Trial]) -> None:
    trial = trial_on("camel")
    deploy(trial.session, None, "uuid")
    trial.session.execute(trial.host.adapter.encode())
    names = ("TimeZone", "DateStyle", "IntervalStyle", "extra_float_digits", "bytea_output")
    with trial.session.transaction():
        before = [trial.session.execute(f"show {name}").fetchone() for name in names]
        trial.session.execute("select engagement.session_columns('engagement_host.order_line')")
        assert [trial.session.execute(f"show {name}").fetchone() for name in names] == before


# Types


@pytest.mark.parametrize(
    ("expression", "advice", "remark"),
    [
        ("'2020-01-02'::date",
         "engagement.start_of_day(occurred_at, engagement.parameter('TIME_ZONE'))", ""),
        ("'2020-01-02'::timestamp", "occurred_at at time zone 'UTC'", "which zone"),
        ("'2020-01-02 10:00'::text", "occurred_at::timestamp at time zone 'UTC'", "look at them"),
        ("1577836800", "to_timestamp(occurred_at)", "milliseconds"),
    ],
)  # fmt: skip
def test_adapter_check_of_a_date_offers_an_instant_that_no_session_changes(
    trial_on: Callable[[str], Trial], expression: str, advice: str, remark: str
) -> None:
    trial = trial_on("bundle")
    findings = trial.check(("i.bought_at as occurred_at", f"{expression} as occurred_at"))
    assert trial.result.exit_code == 1
    told = findings[0]["finding"]
    assert f"write {advice}" in told
    assert remark in told.split(advice)[1]
    assert f"{advice} as occurred_at, ended_at from engagement_host.item;" in findings[0]["hint"]
    findings = trial.check(
        ("i.bought_at as occurred_at", f"{advice} as occurred_at"),
        ("from desk.item as i;", f"from (select *, {expression} as occurred_at from desk.item) i;"),
    )
    assert trial.result.exit_code == 0, trial.result.output
    assert not [f for f in findings if "session" in f["finding"]]


@pytest.mark.parametrize(
    ("column_type", "wanted", "is_key"),
    [
        (a, b, key)
        for a, b in (
            ("date", "timestamptz"), ("timestamp", "timestamptz"), ("timestamptz", "date"),
            ("date", "text"), ("timestamp", "text"), ("timestamptz", "text"), ("float8", "text"),
            ("float4", "text"), ("date", "bigint"), ("timestamptz", "bigint"), ("integer", "text"),
            ("text", "timestamptz"), ("text", "date"), ("bigint", "timestamptz"),
            ("bigint", "date"), ("interval", "text"), ("bytea", "text"),
            ("integer", "boolean"), ("boolean", "numeric"),
        )
        for key in ((True, False) if b == "text" else (b == "bigint",))
    ],
)  # fmt: skip
def test_cast_sql_gives_one_value_in_every_session(
    trial_on: Callable[[str], Trial], column_type: str, wanted: str, is_key: bool
) -> None:
    trial = trial_on("bundle")
    session = trial.session
    deploy(session, None, "bigint")
    instant = "'2020-01-31 23:30:00.25+00'"
    values = {
        "float8": "1.0 / 3", "float4": "1.0 / 3", "integer": "17", "bigint": "17",
        "interval": "'1 day 2 hours'", "money": "12.34", "boolean": "true",
    }  # fmt: skip
    value = values.get(column_type, instant)
    session.execute(f"create table desk.probe as select ({value})::{column_type} as c".encode())
    row = session.execute(
        "select engagement.cast_sql('c', %s::regtype, %s::regtype, %s)",
        (column_type, wanted, is_key),
    ).fetchone()
    assert row
    session.execute(f"create view desk.cast_probe as select {row[0]} as c from desk.probe".encode())
    assert session.execute("select pg_typeof(c)::text from desk.cast_probe").fetchone() == (
        {"timestamptz": "timestamp with time zone"}.get(wanted, wanted),
    )
    assert not session.execute(
        "select * from engagement.session_columns('desk.cast_probe')"
    ).fetchall()
    if is_key:
        session.execute(f"create index on desk.probe (({row[0]}))".encode())


@pytest.mark.parametrize("name", ["camel", "composite"])
def test_adapter_check_without_the_key_type_says_which(
    trial_on: Callable[[str], Trial], name: str
) -> None:
    trial = trial_on(name)
    findings = trial.check(key_type=None)
    assert trial.result.exit_code == 1
    assert findings[0]["severity"] == "error"
    assert f"--key-type {trial.host.key_type}" in findings[0]["hint"]


def test_adapter_check_without_the_key_type_of_cast_texts_says_which(
    trial_on: Callable[[str], Trial],
) -> None:
    trial = trial_on("composite")
    key = "l.sale_no::text || '/' || l.line_no::text"
    findings = trial.check(
        (f"{key} as", f"({key})::engagement.host_key as"),
        ("l.sale_no::text as", "l.sale_no::text::engagement.host_key as"),
        ("s.client_code::text as", "s.client_code::text::engagement.host_key as"),
        ("code::text as customer_id", "code::text::engagement.host_key as customer_id"),
        ("null::text as employer_id", "null::engagement.host_key as employer_id"),
        key_type=None,
    )
    assert trial.result.exit_code == 3, trial.result.output
    unread = {f["place"]: f["hint"] for f in findings if f["finding"].startswith("cannot be read")}
    assert set(unread) == {"sale_line", "customer"}
    assert all("--key-type text" in hint for hint in unread.values())


def test_adapter_check_without_the_key_type_of_cast_uuids_says_which(
    trial_on: Callable[[str], Trial],
) -> None:
    trial = trial_on("camel")
    trial.check(('l."lineId" as', 'l."lineId"::engagement.host_key as'), key_type=None)
    assert trial.result.exit_code == 1
    assert "--key-type uuid" in trial.result.stderr.splitlines()[-1]


def test_adapter_check_without_the_key_type_of_uuids_cast_to_texts_says_so(
    trial_on: Callable[[str], Trial],
) -> None:
    """No key can be attached as bigint, so no table says what the keys are."""
    trial = trial_on("camel")
    keys = ('l."lineId"', 'l."orderId"', 'o."memberId"')
    findings = trial.check(
        *((f"{key} as", f"{key}::text::engagement.host_key as") for key in keys),
        ("null::uuid as employer_id", "null::engagement.host_key as employer_id"),
        ("select id as customer_id", "select id::text::engagement.host_key as customer_id"),
        key_type=None,
    )
    assert trial.result.exit_code == 1, trial.result.output
    hints = {
        f["hint"]
        for f in findings
        if f["severity"] == "error" or f["finding"].startswith("cannot be read")
    }
    assert hints and all("--key-type" in hint for hint in hints), hints
