"""No session's schemas, search_path or temporary objects change what the package runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from roles.conftest import MEMBERS, Association, Session
from scoring.host import NOW

LogIn = Callable[[str], Session]

#: Functions that the package's routines use: each says who runs it, and answers nonsense.
FUNCTIONS = {
    "round(numeric, integer)": ("numeric", "-1"),
    "round(numeric)": ("numeric", "-1"),
    "sign(numeric)": ("numeric", "-1"),
    "abs(numeric)": ("numeric", "-1"),
    "length(text)": ("integer", "0"),
    "btrim(text)": ("text", "'evil'"),
    "clock_timestamp()": ("timestamptz", "'infinity'"),
    "now()": ("timestamptz", "'infinity'"),
    "current_setting(text)": ("text", "'evil'"),
    "current_setting(text, boolean)": ("text", "'Y'"),
    "set_config(text, text, boolean)": ("text", "'evil'"),
    "to_regclass(text)": ("regclass", "null"),
    "pg_backend_pid()": ("integer", "0"),
    "isfinite(timestamptz)": ("boolean", "false"),
    "make_interval(integer, integer, integer)": ("interval", "'0'"),
    "timezone(text, timestamptz)": ("timestamp", "'infinity'"),
    "date_trunc(text, timestamp)": ("timestamp", "'infinity'"),
    "jsonb_typeof(jsonb)": ("text", "'evil'"),
    "cardinality(anyarray)": ("integer", "0"),
    "parameter(text)": ("text", "'N'"),
    "score_at(bigint, timestamptz, timestamptz)": ("numeric", "-1"),
}  # fmt: skip
#: Operators by name and type, and what they return: they answer as they should, for whoever plays
#: tricks on himself must come to an end.
OPERATORS = [
    *((name, kind, "boolean") for name in ("=", "<>", "<", "<=", ">", ">=")
      for kind in ("text", "bigint", "integer", "numeric", "timestamptz", "date", "boolean",
                   "name", "oid")),
    *((name, "numeric", "numeric") for name in ("*", "+", "-", "/")),
    *((name, "integer", "integer") for name in ("*", "+", "-")),
    ("||", "text", "text"),
]  # fmt: skip


def evil(session: Session, schema: str) -> None:
    """Make a schema of look-alikes that note who runs them."""
    session.execute(f"create schema {schema}; grant usage on schema {schema} to public")
    session.execute(f"create table {schema}.log (ran_by text, called_by text)")
    session.execute(f"grant insert, select on {schema}.log to public")
    session.execute(
        f"create function {schema}.note() returns void language sql as"
        f" $$ insert into {schema}.log values (current_user, session_user) $$"
    )

    def function(signature: str, returns: str, answer: str) -> None:
        session.execute(
            f"create function {schema}.{signature} returns {returns} language plpgsql as"
            f" $$ begin perform {schema}.note(); return {answer}; end $$"
        )

    for signature, (returns, answer) in FUNCTIONS.items():
        function(signature, returns, answer)
    for number, (name, kind, returns) in enumerate(OPERATORS):
        function(
            f"operator_{number}({kind}, {kind})", returns, f"$1 operator(pg_catalog.{name}) $2"
        )
        session.execute(
            f"create operator {schema}.{name} (leftarg = {kind}, rightarg = {kind},"
            f" function = {schema}.operator_{number})"
        )
    for table in LOOK_ALIKES:
        session.execute(f"create table {schema}.{table} as select 1 as customer_id")
    session.execute(f"create domain {schema}.host_key as text")


#: Names of tables and views that the package's routines read or write.
LOOK_ALIKES = [
    *("award", "customer_score", "category_score", "score_rule", "app_parameter", "customer"),
    *("pending_activity", "scoring_failure", "activity_source", "employment", "order_line"),
    *("social_score", "social_upload", "score_adjustment", "setup_change", "new_rows", "old_rows"),
    *("customer_merge", "merged_input", "m"),
    *("pg_class", "pg_proc", "pg_attribute", "pg_trigger", "pg_stat_activity", "k", "u", "d"),
]


@pytest.fixture(scope="module")
def evil_schema(association: Association) -> Iterator[str]:
    """The schema that the host's own role has made."""
    with association.log_in("host") as session:
        evil(session, "evil")
    yield "evil"


@pytest.fixture
def tricked(
    log_in: LogIn,
    evil_schema: str,
) -> Callable[[str], Session]:
    """``tricked("staff")``: a session whose search_path finds the look-alikes first."""

    def get(who: str) -> Session:
        session = log_in(who)
        for table in LOOK_ALIKES:
            session.execute(f"create temporary table {table} as select 1 as customer_id")
        session.execute(
            "create function pg_temp.round(numeric, integer) returns numeric language sql"
            " as 'select -1::numeric'"
        )
        session.execute(f"set search_path = pg_temp, {evil_schema}, pg_catalog")
        return session

    return get


def ran(association: Association) -> list[tuple[str, str]]:
    """Who ran look-alikes on whose behalf, and forget it."""
    rows = association.host.rows("select distinct ran_by, called_by from evil.log")
    association.host.run("delete from evil.log")
    return rows


def test_tricks_work_on_whoever_plays_them(
    association: Association,
    tricked: LogIn,
) -> None:
    session = tricked("host")
    assert session.execute("select round(1.5, 0), abs(2.5), 2::numeric * 3").fetchone() == (
        *(-1, -1, 6),
    )
    assert ran(association) == [(association.logins["host"], association.logins["host"])]


@pytest.mark.parametrize("who", ["host", "clerk"])
@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_tricks_of_the_host_role_change_no_trigger(
    association: Association,
    tricked: LogIn,
    trigger_mode: str,
    who: str,
) -> None:
    host, ann = association.host, association.keys["ann"]
    host.set(TRIGGER_MODE=trigger_mode)
    before = host.score_at(ann)
    queued = host.count("pending_activity")
    session = tricked(who)
    with session.transaction():
        # Without a comparison of the session's own: those would be evil.
        (order,) = (
            session.execute(
                "insert into crm.sales_order (order_id, ordered_at) values (crm.new_key(), %s)"
                " returning order_id",
                (NOW,),
            ).fetchone()
            or ()
        )
        (line,) = (
            session.execute(
                "insert into crm.order_line (order_line_id, order_id, ship_customer_id, product_id,"
                " quantity) values (crm.new_key(), %s, %s, 'BOOK', 7) returning order_line_id",
                (order, ann),
            ).fetchone()
            or ()
        )
        session.execute(
            "insert into crm.order_line (order_line_id, order_id, ship_customer_id, product_id,"
            " quantity) values (crm.new_key(), %s, %s, 'BOOK', 1), (crm.new_key(), %s, %s, 'BOOK',"
            " 2)",
            (order, ann, order, ann),
        )
        session.execute(
            "update crm.order_line set quantity = 8"
            " where order_line_id operator(pg_catalog.=) %s::bigint",
            (line,),
        )
        session.execute(
            "update crm.employment set is_primary = true, begin_on = '2020-01-01'"
            " where employee_id operator(pg_catalog.=) %s::bigint",
            (ann,),
        )
        session.execute(
            "insert into crm.customer (customer_id, display_name) values (crm.new_key(), 'New')"
        )
    assert {by for by, _ in ran(association)} <= {association.logins[who]}
    assert host.failures() == []
    assert host.count("pending_activity") > queued
    assert host.score_at(ann) == before + (22 if trigger_mode == "IMMEDIATE" else 0)
    host.proven(as_of=None)
    assert host.score_at(ann) == before + 22
    session.execute("truncate crm.order_line cascade")
    assert {by for by, _ in ran(association)} <= {association.logins[who]}
    host.proven(as_of=None)
    host.set(TRIGGER_MODE="IMMEDIATE")
    host.order(ann)
    host.proven(as_of=None)


ROUTINES = [
    ("staff", "call engagement.refresh_customer({ann})"),
    ("operator", "call engagement.recalculate('FULL')"),
    ("operator", "call engagement.recalculate(p_customer_id => {ann})"),
    ("operator", "call engagement.roll_up_employers()"),
    ("operator", "select * from engagement.verify()"),
    ("operator", "select engagement.adjust({ann}, 0.5, 'Because')"),
    ("operator", "select engagement.set_social_score({ann}, 'BLOG', p_changes =>"
     " '{{\"score\": 4}}')"),
    ("operator", "insert into engagement.social_upload (customer_id, social_type, score)"
     " values ('{ann}', 'FORUM', '5'), ('{ann}', 'FORUM', 'five')"),
    ("operator", "delete from engagement.social_upload"),
    ("operator", "select engagement.remove_social_score({ann}, 'FORUM', '', 'UPLOAD')"),
    ("operator", "call engagement.merge_customer({ann}, {idle})"),
    ("operator", "call engagement.recalculate()"),
    ("operator", "call engagement.unmerge_customer({ann}, {idle})"),
    ("admin", "select engagement.add_rule('EVIL', 'INVOLVEMENT', 'SOCIAL_COMMUNITY', null, null,"
     " null, 1)"),
    ("admin", "select engagement.revise_rule('EVIL', '{{\"flat_score\": 2}}', true)"),
    ("admin", "select * from engagement.apply_rules('[{{\"rule_code\": \"EVIL\","
     " \"retired\": true}}]')"),
    ("admin", "select engagement.retire_rule('BOUGHT', false)"),
    ("admin", "select engagement.revise_rule('BOUGHT', '{{\"applies_until\": null}}', true)"),
    ("admin", "select engagement.set_parameter('OVERVIEW_YEARS', '4')"),
    ("admin", "select engagement.set_parameter('OVERVIEW_YEARS', '3')"),
    ("admin", "insert into engagement.score_band (band_code, from_score) values ('EVIL', 999)"),
    ("admin", "delete from engagement.score_band where from_score operator(pg_catalog.=) 999"),
]  # fmt: skip


def test_tricks_make_no_routine_run_as_anybody_else(
    association: Association,
    tricked: LogIn,
) -> None:
    host, ann = association.host, association.keys["ann"]
    sessions = {who: tricked(who) for who in MEMBERS}
    before = host.score_at(ann, "infinity")
    for who, statement in ROUTINES:
        sessions[who].execute(statement.format(**association.keys))
        login = association.logins[who]
        assert set(ran(association)) <= {(login, login)}, statement
    assert host.score_at(ann, "infinity") == before + host.one("select 0.5 + 4 - 3")
    assert host.failures() == []
    host.proven(as_of=None)


def test_upload_does_not_use_tables_of_the_uploaders_making(
    association: Association, log_in: LogIn
) -> None:
    with log_in("operator") as session, session.transaction(force_rollback=True):
        # The names of what its statement is made of.
        names = ("new_rows", "given", "dated", "judged", "decided", "social_upload", "social_score")
        for name in names:
            session.execute(f"create temporary table {name} (upload_id uuid)")
        session.execute(
            "insert into engagement.social_upload (customer_id, social_type, score)"
            " values (%s, 'BLOG', '5')",
            (str(association.keys["ann"]),),
        )
        assert session.execute(
            "select score from engagement.social_score where social_type = 'BLOG' and score = 5"
        ).fetchall() == [(5,)]
        for name in names:
            assert session.execute(f"select from pg_temp.{name}").fetchall() == []


def test_run_does_not_use_a_stage_of_the_operators_making(
    association: Association,
    log_in: LogIn,
) -> None:
    host, ann = association.host, association.keys["ann"]
    before = host.score_at(ann)
    session = log_in("operator")
    session.execute("create temporary table trapped (ran_by text)")
    session.execute(
        "create function pg_temp.trap() returns trigger language plpgsql as"
        " $$ begin insert into pg_temp.trapped values (current_user); return old; end $$"
    )
    session.execute(
        "create temporary table engagement_stage as"
        " select customer_id, source_id - 1000000 as source_id, document_id, employer_id,"
        " effective_at, expires_at, rule_id, subject_id, subject_class, quantity, amount,"
        " 1000000::numeric as points, null::timestamptz as recorded_at, true as is_sane,"
        " 0::bigint as batch"
        " from engagement.award where source = 'order_line' and voided_at is null"
    )
    session.execute(
        "create trigger trap before delete on engagement_stage"
        " for each row execute function pg_temp.trap()"
    )

    def forge() -> None:
        """Give the table the name of the comparison that the run is about to make."""
        session.execute(
            """
            do $$ begin
                execute format('comment on table pg_temp.engagement_stage is %L', (
                    select format('%s %s %s', s.source, s.view_fingerprint, s.registered_at)
                    from engagement.activity_source s where s.source = 'order_line'));
            end $$
            """
        )

    stage = "select c.relname from pg_class c where c.oid = to_regclass('pg_temp.{}')"
    session.execute("alter table pg_temp.engagement_stage rename to hidden")
    (run_id,) = (
        session.execute("select run_id from engagement.begin_run('FULL', null)").fetchone() or ()
    )
    is_forged = False
    while session.execute("select engagement.run_step(%s)", (run_id,)).fetchone() == (True,):
        phase, *sources = (
            session.execute(
                "select r.phase, (select min(s.source) from engagement.recalculation_source s)"
                " from engagement.recalculation_run r where r.run_id = %s",
                (run_id,),
            ).fetchone()
            or ()
        )
        has_stage = session.execute(stage.format("engagement_stage")).fetchone()
        if not is_forged and (phase, sources) == ("SOURCES", ["order_line"]) and not has_stage:
            session.execute("alter table pg_temp.hidden rename to engagement_stage")
            forge()
            is_forged = True
    assert is_forged
    assert session.execute("select ran_by from trapped").fetchall() == []
    assert host.score_at(ann) == before
    host.proven(as_of=None)
