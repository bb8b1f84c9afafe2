"""plpgsql_check on every routine, where the extension can be installed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]


@pytest.fixture(params=["deployed", "overlaid"])
def checked(request: pytest.FixtureRequest) -> Connection:
    """A deployment with the extension, whose functions are in a schema of their own.

    Once as one machine has the routines, and once as a cluster has them.
    """
    deployed: Connection = request.getfixturevalue(request.param)
    available = deployed.execute(
        "select count(*) from pg_available_extensions where name = 'plpgsql_check'"
    ).fetchone()
    if available == (0,):
        pytest.skip("the server has no extension plpgsql_check")
    deployed.execute(
        "create schema plpgsql_check; create extension plpgsql_check schema plpgsql_check"
    )
    # The optional view, and the type of its columns.
    deployed.execute(
        "create view engagement_host.merged_customer as"
        " select null::engagement.host_key as from_id, null::engagement.host_key as into_id"
    )
    # Temporary tables that routines make for themselves, and those of a run share.
    deployed.execute(
        """
        create temporary table engagement_stage as
        select customer_id, source_id, document_id, employer_id, effective_at, expires_at, rule_id,
               subject_id, subject_class, quantity, amount, points, reversals,
               recorded_at, true as is_scorable, 0::bigint as batch
        from engagement.award;
        create temporary table engagement_stage_customer as
        select customer_id from engagement.award;
        create temporary table engagement_stage_sum as
        select customer_id, 1::bigint as row_count, points as fingerprint from engagement.award;
        create temporary table engagement_stage_row as select * from engagement.award;
        create temporary table engagement_preview_rule as select * from engagement.score_rule;
        create temporary table engagement_preview_award as select * from engagement.award;
        create temporary table engagement_preview_point as
        select customer_id, employer_id, source as category_code, points from engagement.award;
        create temporary table engagement_preview_change as
        select customer_id, true as is_employees, source as category_code, points
        from engagement.award;
        create temporary table engagement_preview_score as
        select customer_id, own_score as old_own_score, employee_score as old_employee_score,
               score as old_score, own_score as new_own_score,
               employee_score as new_employee_score, score as new_score
        from engagement.customer_score
        """
    )
    deployed.execute("set search_path = pg_catalog")
    return deployed


def test_plpgsql_check_finds_no_error_in_any_routine(checked: Connection) -> None:
    found = checked.execute(
        """
        select p.oid::regprocedure::text, c.lineno, c.statement, c.sqlstate, c.message, c.detail
        from pg_proc p
        join pg_language l on l.oid = p.prolang and l.lanname = 'plpgsql'
        cross join lateral plpgsql_check.plpgsql_check_function_tb(
            p.oid, fatal_errors => false, other_warnings => false, performance_warnings => false,
            extra_warnings => false) c
        where p.pronamespace = 'engagement'::regnamespace
          and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
          and c.level = 'error'
          -- They try a COMMIT that fails, and tell what of.
          and p.proname not in ('check_commits', 'commit_refusal')
        """
    ).fetchall()
    assert not found, "\n".join(map(str, found))


def test_plpgsql_check_finds_no_error_in_any_trigger_routine(checked: Connection) -> None:
    query = """
        select t.tgrelid::regclass::text, t.tgname, c.lineno, c.statement, c.sqlstate, c.message
        from pg_trigger t
        join pg_proc p on p.oid = t.tgfoid
        cross join lateral plpgsql_check.plpgsql_check_function_tb(
            p.oid, t.tgrelid, fatal_errors => false, other_warnings => false,
            performance_warnings => false, extra_warnings => false,
            oldtable => 'old_rows', newtable => 'new_rows') c
        where p.pronamespace = 'engagement'::regnamespace and c.level = 'error'
        """
    assert checked.execute(query).fetchall() == []
    assert checked.execute(
        "select count(*) > 0 from pg_trigger t join pg_proc p on p.oid = t.tgfoid"
        " where p.pronamespace = 'engagement'::regnamespace"
    ).fetchone() == (True,)
