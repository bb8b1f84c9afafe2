"""What the catalogue of a fresh deployment must look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]

OURS = "('engagement', 'engagement_host', 'engagement_meta')"

#: What has no comment, by kind of object.
UNCOMMENTED = {
    "schema": f"""
        select nspname from pg_namespace
        where nspname in {OURS} and obj_description(oid, 'pg_namespace') is null""",
    "relation": f"""
        select oid::regclass::text from pg_class
        where relnamespace in (select oid from pg_namespace where nspname in {OURS})
          and relkind in ('r', 'p', 'v', 'm', 'S') and obj_description(oid, 'pg_class') is null""",
    "column": f"""
        select c.oid::regclass || '.' || a.attname
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace in (select oid from pg_namespace where nspname in {OURS})
          and c.relkind in ('r', 'p', 'v', 'm') and a.attnum > 0 and not a.attisdropped
          and col_description(c.oid, a.attnum) is null""",
    "routine": f"""
        select oid::regprocedure::text from pg_proc
        where pronamespace in (select oid from pg_namespace where nspname in {OURS})
          and obj_description(oid, 'pg_proc') is null""",
    "type": f"""
        select oid::regtype::text from pg_type
        where typnamespace in (select oid from pg_namespace where nspname in {OURS})
          and (typtype in ('d', 'e') or typtype = 'c' and
               (select relkind from pg_class where oid = typrelid) = 'c')
          and obj_description(oid, 'pg_type') is null""",
    "trigger": f"""
        select t.tgrelid::regclass || ': ' || t.tgname
        from pg_trigger t
        join pg_proc p on p.oid = t.tgfoid
        where p.pronamespace in (select oid from pg_namespace where nspname in {OURS})
          and not t.tgisinternal and obj_description(t.oid, 'pg_trigger') is null""",
}


def column(session: Connection, query: str) -> list[Any]:
    return [row[0] for row in session.execute(query.encode())]


@pytest.mark.parametrize("kind", UNCOMMENTED)
def test_catalog_every_object_has_a_comment(deployed: Connection, kind: str) -> None:
    assert column(deployed, UNCOMMENTED[kind]) == []


@pytest.mark.parametrize("catalog", ["pg_class:rel", "pg_proc:pro", "pg_type:typ"])
def test_catalog_nothing_is_in_public(deployed: Connection, catalog: str) -> None:
    name, prefix = catalog.split(":")
    query = f"select {prefix}name from {name} where {prefix}namespace = 'public'::regnamespace"
    assert column(deployed, query) == []


def test_catalog_no_routine_is_executable_by_public(deployed: Connection) -> None:
    query = f"""
        select p.oid::regprocedure::text
        from pg_proc p
        where p.pronamespace in (select oid from pg_namespace where nspname in {OURS})
          and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                      where a.grantee = 0)"""
    assert column(deployed, query) == []


def test_catalog_nothing_is_open_to_public(deployed: Connection) -> None:
    query = f"""
        select c.oid::regclass::text
        from pg_class c, aclexplode(c.relacl) a
        where c.relnamespace in (select oid from pg_namespace where nspname in {OURS})
          and a.grantee = 0
        union all
        select n.nspname
        from pg_namespace n, aclexplode(n.nspacl) a
        where n.nspname in {OURS} and a.grantee = 0"""
    assert column(deployed, query) == []


def test_catalog_definers_have_a_pinned_search_path(deployed: Connection) -> None:
    query = """
        select oid::regprocedure::text
        from pg_proc
        where pronamespace = 'engagement'::regnamespace and prosecdef
          and not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false)"""
    assert column(deployed, query) == []
    assert column(
        deployed,
        "select 1 from pg_proc where prosecdef and pronamespace = "
        "'engagement'::regnamespace limit 1",
    ) == [1]


def test_catalog_routines_that_read_the_host_do_so_as_their_owner_under_fixed_settings(
    deployed: Connection,
) -> None:
    """A view of the host's may run code of the host's, and say something else in another zone."""
    found = column(
        deployed,
        r"""
        select oid::regprocedure::text
        from pg_proc
        where pronamespace = 'engagement'::regnamespace
          and (prosrc ~ '(from|join) engagement_host\.'
               or prosrc ~ 'execute (format|replace)\(.*\mview')
          and not (prosecdef and proconfig @> array[
              'search_path=pg_catalog, pg_temp', 'TimeZone=UTC', 'DateStyle=ISO, YMD',
              'IntervalStyle=postgres', 'extra_float_digits=1'])
          -- The generators hold the text of others; uploads are read in the uploader's zone.
          and proname not in ('detach_host', 'generate_capture', 'clone_templates',
                              'generate_totals', 'load_social_scores')
        """,
    )
    assert found == []


def test_catalog_routines_look_up_nothing_by_the_callers_path(deployed: Connection) -> None:
    """Pinned, or parsed when they were made; what commits can be neither and names all in full."""
    found = column(
        deployed,
        """
        select oid::regproc::text
        from pg_proc
        where pronamespace = 'engagement'::regnamespace and prosqlbody is null
          and not coalesce('search_path=pg_catalog, pg_temp' = any (proconfig), false)
        order by 1
        """,
    )
    assert found == [
        "engagement.catch_up",
        "engagement.check_commits",
        "engagement.drive_run",
        "engagement.faded_points",
        "engagement.parameter",
        "engagement.recalculate",
        "engagement.roll_up_employers",
    ]


def test_catalog_routines_mean_the_same_whatever_a_backslash_means(deployed: Connection) -> None:
    """standard_conforming_strings off makes other strings of them."""
    found = column(
        deployed,
        r"""
        select oid::regproc::text
        from pg_proc
        where pronamespace = 'engagement'::regnamespace and position(chr(92) in prosrc) > 0
          and not coalesce('standard_conforming_strings=on' = any (proconfig), false)
        """,
    )
    assert found == []


def test_catalog_routines_that_price_out_a_plan_compile_none(deployed: Connection) -> None:
    """What enable_seqscan = off costs a small table is far above jit_above_cost."""
    found = column(
        deployed,
        """
        select oid::regproc::text
        from pg_proc
        where pronamespace = 'engagement'::regnamespace and 'enable_seqscan=off' = any (proconfig)
          and not 'jit=off' = any (proconfig)
        """,
    )
    assert found == []


def test_catalog_committing_procedures_are_invokers_without_settings(deployed: Connection) -> None:
    query = r"""
        select oid::regprocedure::text
        from pg_proc
        where pronamespace = 'engagement'::regnamespace and prokind = 'p'
          and prosrc ~* '^\s*commit\s*;' and (prosecdef or proconfig is not null)"""
    assert column(deployed, query) == []


def test_catalog_routines_have_one_overload_each(deployed: Connection) -> None:
    query = """
        select proname from pg_proc where pronamespace = 'engagement'::regnamespace
        group by proname having count(*) > 1"""
    assert column(deployed, query) == []


def test_catalog_names_fit_into_55_bytes(deployed: Connection) -> None:
    query = f"""
        select name
        from (
            select conname as name, connamespace as schema_id from pg_constraint
            union all select relname, relnamespace from pg_class
            union all select proname, pronamespace from pg_proc
        ) n
        where n.schema_id in (select oid from pg_namespace where nspname in {OURS})
          and octet_length(name) > 55"""
    assert column(deployed, query) == []


def test_catalog_unique_keys_of_customers_rows_contain_the_customer(deployed: Connection) -> None:
    per_customer = """
        select a.attrelid, a.attnum
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'engagement'::regnamespace and c.relkind = 'r'
          and a.attname = 'customer_id'
          and c.relname <> 'reversal'  -- goes by activity, and is never distributed
    """
    query = f"""
        select i.indexrelid::regclass::text
        from ({per_customer}) t
        join pg_index i on i.indrelid = t.attrelid
        where (i.indisunique or i.indisexclusion) and not t.attnum = any (i.indkey)"""
    assert column(deployed, query) == []
    assert "engagement.award" in column(
        deployed, f"select t.attrelid::regclass::text from ({per_customer}) t"
    )


def test_catalog_customer_id_is_never_null(deployed: Connection) -> None:
    query = """
        select a.attrelid::regclass::text
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'engagement'::regnamespace and c.relkind = 'r'
          and a.attname = 'customer_id' and not a.attnotnull
          and a.atttypid = 'engagement.host_key'::regtype  -- an upload holds text
          and c.relname <> 'reversal'  -- what the view shows; it earns nothing"""
    assert column(deployed, query) == []


def test_catalog_no_foreign_key_joins_package_and_host(deployed: Connection) -> None:
    query = f"""
        select k.conname
        from pg_constraint k
        join pg_class a on a.oid = k.conrelid
        join pg_class b on b.oid = k.confrelid
        where k.contype = 'f'
          and (a.relnamespace in (select oid from pg_namespace where nspname in {OURS}))
           <> (b.relnamespace in (select oid from pg_namespace where nspname in {OURS}))"""
    assert column(deployed, query) == []


def test_catalog_no_package_column_is_an_identity_or_serial(deployed: Connection) -> None:
    query = f"""
        select oid::regclass::text from pg_class
        where relkind = 'S'
          and relnamespace in (select oid from pg_namespace where nspname in {OURS})"""
    assert column(deployed, query) == []


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_catalog_host_key_has_the_deployed_type(
    deployed_as: Callable[[str], Connection], key_type: str
) -> None:
    query = "select typbasetype::regtype::text from pg_type where typname = 'host_key'"
    assert column(deployed_as(key_type), query) == [key_type]


def test_catalog_awards_are_not_compared_with_arrays_of_customers(deployed: Connection) -> None:
    """Key by key, or by hash: a bitmap that outgrows work_mem compares each row with each key."""
    found = column(
        deployed,
        """
        select oid::regproc::text from pg_proc
        where pronamespace = 'engagement'::regnamespace
          and prosrc ~ 'w\\.(customer_id|employer_id) = any'
        """,
    )
    assert found == []


#: What a cluster refuses over the tables that it spreads, or would do otherwise than one machine:
#: how it is found, and an example.
NOT_PORTABLE = {
    "a query without columns": (
        r"select from engagement\.(award|customer_score|category_score)\M",
        "if exists (select from engagement.award w) then return; end if;",
    ),
    "a custom-typed variable assigned from a query": (
        r":= (array)?\((\s|distinct|select|array|\w+\.\w+|,)*"
        r"from engagement\.(award|customer_score|category_score)\M",
        "v_ids := array(select distinct w.customer_id from engagement.award w);",
    ),
    "a recursive query": (
        r"with recursive[^;]*engagement\.(award|customer_score|category_score)\M",
        "with recursive t as (select 1) select * from t, engagement.award;",
    ),
    "grouping sets": (
        r"(grouping sets|rollup|cube) ?\(",
        "select sum(points) from engagement.award group by rollup (rule_id);",
    ),
    # Of the queue, which stays where the host's tables are, it may be used.
    "a physical address": (
        r"(award|customer_score|category_score)\M[^;]*\mctid\M",
        "delete from engagement.award w where w.ctid = v_at;",
    ),
    "MERGE": (
        r"\mmerge into\M",
        "merge into engagement.award w using unnest(v_ids) i on false when matched then delete;",
    ),
    "a clock in a change": (
        r"(insert into|update|delete from) engagement\.(award|customer_score|category_score)"
        r"\M[^;]*\m(now|clock_timestamp|random)\(",
        "update engagement.award w set voided_at = clock_timestamp() where w.rule_id = 1;",
    ),
}


def routines_like(session: Connection, pattern: str) -> list[str]:
    """The package's routines in whose text a pattern is found."""
    return [
        name
        for (name,) in session.execute(
            "select oid::regproc::text from pg_proc"
            " where pronamespace = 'engagement'::regnamespace and prosrc ~* %s",
            (pattern,),
        )
    ]


@pytest.mark.parametrize("what", NOT_PORTABLE)
def test_catalog_routines_keep_to_what_a_cluster_can_do(overlaid: Connection, what: str) -> None:
    """As a cluster has them: overlays have taken the place of the others."""
    pattern, example = NOT_PORTABLE[what]
    assert routines_like(overlaid, pattern) == []
    overlaid.execute("set check_function_bodies = off")
    overlaid.execute(
        "create function engagement.example() returns void language plpgsql as "
        f"$$ begin {example} end $$".encode()
    )
    assert routines_like(overlaid, pattern) == ["engagement.example"]


def test_catalog_rows_of_the_distributed_tables_are_locked_in_one_place(
    deployed: Connection, overlaid: Connection
) -> None:
    """A cluster locks no rows of several shards: overlays know the other way."""
    locking = r"engagement\.(award|customer_score|category_score)\M[^;]*\mfor update\M"
    assert sorted(routines_like(deployed, locking)) == [
        "engagement.busy_activities",
        "engagement.lock_free_scores",
        "engagement.lock_scores",
    ]
    assert routines_like(overlaid, locking) == []


def test_catalog_tables_that_a_cluster_spreads_or_copies_have_no_triggers(
    deployed: Connection,
) -> None:
    found = column(
        deployed,
        """
        select tgrelid::regclass::text from pg_trigger
        where not tgisinternal
          and tgrelid in ('engagement.award'::regclass, 'engagement.customer_score'::regclass,
                          'engagement.category_score'::regclass, 'engagement.score_rule'::regclass,
                          'engagement.app_parameter'::regclass, 'engagement.category'::regclass)
        """,
    )
    assert found == []


def test_tables_that_churn_say_when_they_are_vacuumed(deployed: psycopg.Connection[Any]) -> None:
    found = {
        name: set(options)
        for name, options in deployed.execute(
            "select c.relname, c.reloptions from pg_class c"
            " where c.relnamespace = 'engagement'::regnamespace and c.reloptions is not null"
            " and c.relkind = 'r'"
        )
    }
    assert "autovacuum_vacuum_scale_factor=0" in found["pending_activity"]
    assert "autovacuum_vacuum_scale_factor=0.02" in found["award"]
