"""Nobody becomes anybody else: whoever looks, no code of other people's runs with their rights."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from engagement_runner import files
from engagement_runner.cli import main
from roles.conftest import Association, Session, run

#: Types of the look-alikes. What PostgreSQL has for two of them is left to it, unless the path says
#: otherwise; what it has not is found in public by whoever does not pin the path.
TYPES = ("text", "integer", "bigint", "numeric", "boolean", "name", "oid", "timestamptz", "date")
OPERATORS = ("||", "=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "~", "->", "->>")

#: Plants look-alikes of operators, functions and types into public, each of which counts its calls
#: in a sequence, which no rollback takes back.
PLANT = """
create sequence public.ran;
grant all on sequence public.ran to public;
create function public.note() returns boolean language plpgsql as
$f$ begin perform pg_catalog.nextval('public.ran'); return true; end $f$;
do $$
declare
    v_types text[] := array[{types}];
    v_left text;
    v_right text;
    v_name text;
    v_number integer := 0;
begin
    foreach v_left in array v_types loop
        foreach v_right in array v_types loop
            v_number := v_number + 1;
            execute format('create function public.operator_%s(%s, %s) returns boolean language '
                           'plpgsql as $f$ begin return public.note(); end $f$',
                           v_number, v_left, v_right);
            foreach v_name in array array[{operators}] loop
                execute format('create operator public.%s (leftarg = %s, rightarg = %s, '
                               'function = public.operator_%s)', v_name, v_left, v_right, v_number);
            end loop;
        end loop;
        foreach v_name in array array[{functions}] loop
            execute format('create function public.%I(%s) returns %s language plpgsql as $f$ begin '
                           'perform public.note(); return null; end $f$', v_name, v_left, v_left);
            execute format('create function public.%I(%s, text) returns %s language plpgsql as '
                           '$f$ begin perform public.note(); return null; end $f$',
                           v_name, v_left, v_left);
        end loop;
    end loop;
    foreach v_name in array v_types || array['jsonb', 'regclass', 'interval'] loop
        execute format('create domain public.%I as pg_catalog.%I check (public.note())', v_name,
                       case v_name when 'integer' then 'int4' when 'bigint' then 'int8'
                                   when 'boolean' then 'bool' else v_name end);
    end loop;
end
$$
"""


def called_functions() -> list[str]:
    """Names that the package's SQL calls like functions, without a schema before them."""
    folders = (*files.REPEATABLE, "runner/engagement_runner/queries")
    texts = [
        path.read_text()
        for folder in folders
        for path in sorted((files.root() / folder).rglob("*.sql"))
    ]
    names = set(re.findall(r"(?<![\w.])([a-z_]+)\(", "\n".join(texts)))
    return sorted(names - {"in", "and", "or", "not", "from", "as", "on", "values", "array", "any"})


def literals(texts: Any) -> sql.Composed:
    return sql.SQL(", ").join(sql.Literal(text) for text in texts)


@pytest.fixture(scope="module")
def planted(association: Association) -> Association:
    """A database in which the host's role has planted look-alikes, and whose path finds them first.

    That is the worst that can be: the owner of a database may set such a path for everybody.
    """
    session = association.host.session
    run(session, "grant create on schema public to {}", association.logins["host"])
    known = [
        name
        for (name,) in session.execute(
            "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
            " and proname = any (%s)",
            (called_functions(),),
        )
    ]
    assert len(known) > 50
    with association.log_in("host") as host:
        host.execute(
            sql.SQL(PLANT).format(  # type: ignore[arg-type]
                types=literals(TYPES), operators=literals(OPERATORS), functions=literals(known)
            )
        )
    run(session, "alter database {} set search_path = public, pg_catalog", session.info.dbname)
    session.execute("set search_path = pg_catalog, pg_temp")
    return association


@pytest.fixture
def nothing_ran(planted: Association) -> Iterator[Callable[[], bool]]:
    """``nothing_ran()``: none of the look-alikes has been called since it was asked last."""

    def ask() -> bool:
        is_called: bool = planted.host.one("select is_called from public.ran")
        planted.host.run("select pg_catalog.setval('public.ran', 1, false)")
        return not is_called

    ask()
    return ask


def superuser(association: Association) -> Session:
    """A new session of whoever deployed, under the database's path."""
    return psycopg.connect(association.host.session.info.dsn, autocommit=True)


def test_look_alikes_run_for_whoever_does_not_pin_the_path(
    planted: Association, nothing_ran: Callable[[], bool]
) -> None:
    with superuser(planted) as session:
        session.execute("select 'a'::pg_catalog.text || 1")
    assert not nothing_ran()


#: What each type of parameter is given, a literal that no path changes; {ann} and {acme} are keys.
ARGUMENTS = {
    "engagement.host_key": "'{ann}'::engagement.host_key",
    "engagement.host_key[]": "'{{{ann},{acme}}}'::engagement.host_key[]",
    "timestamp with time zone": "'2025-06-15 12:00:00+00'::pg_catalog.timestamptz",
    "date": "'2025-06-15'::pg_catalog.date",
    "integer": "4::pg_catalog.int4",
    "bigint": "4::pg_catalog.int8",
    "numeric": "4::pg_catalog.numeric",
    "boolean": "true",
    "interval": "'1 month'::pg_catalog.interval",
    "regclass": "'engagement_host.customer'::pg_catalog.regclass",
    "jsonb": "'{{}}'::pg_catalog.jsonb",
    "integer[]": "'{{4,8}}'::pg_catalog.int4[]",
    "text[]": "'{{{ann}}}'::pg_catalog.text[]",
}
#: What parameters of type text are given, by name.
TEXTS = {
    "p_mode": "INCREMENTAL",
    "p_name": "rising",
    "p_dimension": "RULE",
    "p_segment": "rising",
    "p_parameter_name": "OVERVIEW_YEARS",
    "p_value": "4",
    "p_rule_code": "BOUGHT",
    "p_source": "order_line",
    "p_activity_column": "customer_id",
    "p_view_name": "engagement_host.order_line",
    "p_column": "customer_id",
    "p_social_type": "BLOG",
    "p_reason": "Because",
    "p_effective_when": "ORDER_CREATION",
    "p_engagement_type": "PRODUCT_PURCHASE",
    "p_category_code": "INVOLVEMENT",
    "p_key_column": "customer_id",
}


#: Calls that need other arguments than these.
SPECIAL = {
    "recalculate": "call engagement.recalculate('FULL')",
    "verify": "select engagement.verify()",
    "points_by": "select engagement.points_by('RULE', 'rising')",
}


def calls(association: Association) -> list[tuple[str, str]]:
    """Every routine of the package that is no trigger, with a call that names all in full."""
    found = []
    for name, kind, parameters in association.host.rows(
        """
        select p.proname, p.prokind, (
            select coalesce(array_agg(array[coalesce(p.proargnames[a.place], ''),
                                            format_type(a.type_id, null)] order by a.place), '{}')
            from unnest(p.proargtypes) with ordinality a (type_id, place))
        from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace and p.prorettype <> 'trigger'::regtype
        order by p.proname
        """
    ):
        arguments = ", ".join(
            ARGUMENTS[kind_of].format(**association.keys)
            if kind_of in ARGUMENTS
            else f"'{TEXTS[argument]}'"
            if kind_of == "text" and argument in TEXTS
            else "null"
            for argument, kind_of in parameters
        )
        call = f"engagement.{name}({arguments})"
        found.append((name, f"call {call}" if kind == "p" else f"select {call}"))
    return found


def test_no_routine_runs_look_alikes_for_a_superuser(
    planted: Association, nothing_ran: Callable[[], bool]
) -> None:
    worked = set()
    with superuser(planted) as session:
        for name, call in calls(planted):
            commits = name in ("catch_up", "recalculate", "roll_up_employers")
            call = SPECIAL.get(name, call)
            try:
                if commits:
                    session.execute(call)  # type: ignore[arg-type]
                else:
                    with session.transaction(force_rollback=True):
                        session.execute(call)  # type: ignore[arg-type]
                worked.add(name)
            except psycopg.Error:
                pass
            assert nothing_ran(), call
    # Enough of them got to their ends for that to mean something.
    assert worked >= {
        *(
            "catch_up",
            "recalculate",
            "roll_up_employers",
            "refresh_customer",
            "score_card",
            "score_at",
        ),
        *("explain_score", "explain_change", "trend", "forecast", "at_risk", "verify", "segment"),
        *("points_by", "participation", "company_people", "export_customer", "set_parameter"),
        *("preview_rules", "revise_rule", "faded_points", "round_half_even", "band_of"),
    }
    assert len(worked) > 90


def test_no_view_runs_look_alikes_for_a_superuser(
    planted: Association, nothing_ran: Callable[[], bool]
) -> None:
    views = planted.host.rows(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('engagement', 'engagement_host', 'engagement_meta')"
        " and c.relkind in ('v', 'r')"
    )
    with superuser(planted) as session:
        for (view,) in views:
            session.execute(f"select t.* from {view} t".encode())
            assert nothing_ran(), view


#: Every command of `engagement` but demo, which starts a server; {…} are filled in.
COMMANDS = [
    ("deploy", "--dry-run"),
    ("deploy",),
    ("status",),
    ("status", "--format", "json"),
    ("check",),
    ("metrics",),
    ("adapter", "draft"),
    ("adapter", "check", "reference"),
    ("adapter", "try", "reference"),
    ("recalculate", "--mode", "FULL"),
    ("recalculate",),
    ("follow", "--once"),
    ("refresh", "{ann}"),
    ("score", "{ann}"),
    ("find", "Some"),
    ("score", "{acme}", "--format", "json"),
    ("explain", "{ann}"),
    ("explain-change", "{ann}", "--from", "2025-01-01"),
    ("verify",),
    ("verify", "--sample", "50%"),
    ("employers", "{ann}"),
    ("trend", "{ann}"),
    ("forecast", "{ann}"),
    ("adjust", "{ann}", "1", "--reason", "Because"),
    ("customer", "merge", "{ann}", "{idle}"),
    ("customer", "unmerge", "{ann}", "{idle}"),
    ("export", "{ann}"),
    ("social", "add", "{ann}", "BLOG", "TRICK", "--score", "1"),
    ("social", "edit", "{ann}", "BLOG", "TRICK", "--score", "2"),
    ("social", "list"),
    ("social", "list", "{ann}"),
    ("social", "remove", "{ann}", "BLOG", "TRICK"),
    ("social", "import", "{file}"),
    ("segment",),
    ("segment", "most_active"),
    ("at-risk", "--fall", "1"),
    ("points", "rule"),
    ("report", "--out", "{page}"),
    ("report", "--customer", "{acme}", "--out", "{page}"),
    ("events", "--limit", "5"),
    ("backtest",),
    ("backtest", "RENEWAL"),
    ("backtest", "RENEWAL", "--known", "--by", "BAND", "--segment", "most_active"),
    ("backtest", "RENEWAL", "--rules", "starter", "--against", "starter", "--format", "csv"),
    ("schedule", "--print", "systemd"),
    ("rules", "list", "--all-versions"),
    ("rules", "add", "TRICK", "INVOLVEMENT", "SOCIAL_COMMUNITY", "--flat-score", "1"),
    ("rules", "revise", "TRICK", "--flat-score", "2", "--preview"),
    ("rules", "revise", "TRICK", "--flat-score", "2"),
    ("rules", "draft"),
    ("rules", "export"),
    ("rules", "apply", "starter", "--dry-run"),
    ("rules", "retire", "TRICK"),
    ("categories", "list"),
    ("categories", "set", "DONOR", "--no-counts"),
    ("params", "list"),
    ("params", "get", "TIME_ZONE"),
    ("params", "set", "OVERVIEW_YEARS", "3"),
    ("erase", "{idle}", "--yes"),
    ("detach", "--host"),
    ("deploy", "--host", "reference"),
    ("undeploy", "--yes"),
    ("adapter", "try", "reference"),
    ("deploy",),
]


def leaves(command: click.Command, *names: str) -> Iterator[tuple[str, ...]]:
    """The names of all commands below one."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from leaves(below, *names, name)
    else:
        yield names


def test_commands_are_all_tried() -> None:
    tried = {command[: len(names)] for command in COMMANDS for names in leaves(main)}
    assert {names for names in leaves(main) if names not in tried} == {("demo",)}


def test_no_command_runs_look_alikes_for_a_superuser(
    planted: Association, nothing_ran: Callable[[], bool], tmp_path: Path
) -> None:
    upload = tmp_path / "scores.csv"
    upload.write_text(f"customer,type,subtype,score\n{planted.keys['ann']},BLOG,POST,3\n")
    values = {**planted.keys, "file": upload, "page": tmp_path / "page.html"}
    environment = {"ENGAGEMENT_DSN": planted.host.session.info.dsn}
    for command in COMMANDS:
        arguments = [part.format(**values) for part in command]
        result = CliRunner().invoke(main, arguments, env=environment)
        assert nothing_ran(), arguments
        assert result.exit_code in (0, 1, 3), (arguments, result.output)
        assert result.exception is None or isinstance(result.exception, SystemExit), arguments
