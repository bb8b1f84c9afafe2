"""A database of each version that was kept is upgraded: to what a fresh one is, and no score moves.

tests/deploy/keep_release.py writes the dumps.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import catalog, deploy
from engagement_runner.embedded import EmbeddedServer
from engagement_runner.errors import EngagementError

Connection = psycopg.Connection[Any]

RELEASES = sorted(Path(__file__).with_name("releases").glob("release-*.sql.gz"))
#: The scores, as they were stored.
STORED = """
    select s.customer_id, s.own_score, s.employee_score, s.score, s.ytd_score, s.overview_score,
        s.percentile, s.band_code, s.next_change_at, s.calculated_at
    from engagement.customer_score s order by s.customer_id
"""
#: Columns, constraints and indexes, the reference host's too. Which number an attachment has
#: depends on the past.
SHAPE = """
    select c.oid::regclass::text, a.attname::text,
        concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace in ('engagement'::regnamespace, 'engagement_meta'::regnamespace,
            'engagement_host'::regnamespace, 'crm'::regnamespace)
        and c.relkind in ('r', 'v')
    union all
    select n.conrelid::regclass::text, n.conname::text, pg_get_constraintdef(n.oid)
    from pg_constraint n
    where n.connamespace in ('engagement'::regnamespace, 'crm'::regnamespace)
    union all
    select i.tablename::text, i.indexname::text, i.indexdef
    from pg_indexes i where i.schemaname in ('engagement', 'crm')
    union all
    select 'schema', n.nspname::text, obj_description(n.oid) from pg_namespace n
    where n.nspname in ('engagement', 'engagement_meta', 'engagement_host', 'crm')
    union all
    select 'routine', p.proname::text, pg_get_functiondef(p.oid)
    from pg_proc p
    where p.pronamespace = 'engagement'::regnamespace and p.prokind in ('f', 'p')
        and p.proname not like 'capture%'
    order by 1, 2, 3
"""


def test_releases_are_kept() -> None:
    assert RELEASES


@pytest.fixture(params=RELEASES, ids=lambda path: path.name.partition(".")[0])
def restored(request: pytest.FixtureRequest, server: EmbeddedServer, databases: Any) -> Connection:
    """A session in the database of an earlier version."""
    name = databases.create()
    file = server.base / "socket" / "release.sql"
    file.write_bytes(gzip.decompress(request.param.read_bytes()))
    server.run("psql", "--quiet", "--set=ON_ERROR_STOP=1", "--file", file, name)
    file.unlink()
    session: Connection = databases.connect(name)
    return session


def test_release_upgraded_keeps_its_scores_and_is_as_a_fresh_one(
    restored: Connection, databases: Any
) -> None:
    stored = restored.execute(STORED).fetchall()
    assert len(stored) == 22
    assert len({row[3] for row in stored}) > 8
    assert deploy(restored).steps
    assert deploy(restored).steps == []
    assert catalog.check(restored) == []
    assert restored.execute(STORED).fetchall() == stored
    assert restored.execute("select * from engagement.verify()").fetchall() == []
    fresh = databases.connect(databases.create())
    deploy(fresh, "reference")
    upgraded, new = (set(session.execute(SHAPE).fetchall()) for session in (restored, fresh))
    assert upgraded - new == set()
    assert new - upgraded == set()


def test_release_upgraded_goes_on(restored: Connection) -> None:
    deploy(restored)
    for mode in ("INCREMENTAL", "FULL"):
        restored.execute("call engagement.recalculate(%s)", (mode,))
        assert restored.execute("select * from engagement.verify()").fetchall() == []
    ((run,),) = restored.execute(
        "select row(award_count, void_count, failure_count)::text"
        " from engagement.recalculation_run order by run_id desc limit 1"
    ).fetchall()
    assert run == "(0,0,0)"
    # The line that no run of the earlier version had seen.
    ((points,),) = restored.execute(
        "select sum(points) from engagement.award where source_id = 2999 and voided_at is null"
    ).fetchall()
    assert points > 0
    restored.execute("select engagement.set_category('INVOLVEMENT', '{\"cap_points\": 5}')")
    restored.execute("call engagement.recalculate()")
    assert restored.execute("select * from engagement.verify()").fetchall() == []


def test_schema_crm_of_somebody_else_is_left_alone(
    databases: Any, crm: Callable[[Connection], None]
) -> None:
    session = databases.connect(databases.create())
    crm(session)
    session.execute("comment on schema crm is 'Our own CRM'; drop table crm.customer_attribute")
    with pytest.raises(EngagementError, match="customer_attribute"):
        deploy(session, "reference")
    assert session.execute("select to_regclass('crm.customer_attribute')").fetchone() == (None,)
