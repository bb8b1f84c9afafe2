"""A database that was upgraded equals one that was deployed afresh, and so does a restored one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import catalog, deploy
from engagement_runner.embedded import EmbeddedServer

Connection = psycopg.Connection[Any]

SEEDED = ("engagement.app_parameter", "engagement.category", "engagement.engagement_type")


def seeds(session: Connection) -> list[Any]:
    return [
        session.execute(f"select t::text from {table} t order by 1".encode()).fetchall()
        for table in SEEDED
    ]


def test_deploy_after_each_earlier_migration_equals_a_fresh_one(
    databases: Any, package: Path, dump: Callable[..., str], tmp_path: Path
) -> None:
    fresh = databases.create()
    with databases.connect(fresh) as session:
        deploy(session, "reference", top=package)
        seeded = seeds(session)
    upgraded = databases.create()
    session = databases.connect(upgraded)
    older = tmp_path / "older"
    (older / "migrations").mkdir(parents=True)
    for migration in sorted((package / "migrations").glob("*.sql")):
        shutil.copy(migration, older / "migrations")
        deploy(session, top=older)
    deploy(session, "reference", top=package)
    assert dump(upgraded) == dump(fresh)
    assert seeds(session) == seeded


def test_deploy_of_events_tells_nobody_of_the_band_they_are_in(
    database: str, databases: Any, package: Path, tmp_path: Path
) -> None:
    session = databases.connect(database)
    older = tmp_path / "older"
    (older / "migrations").mkdir(parents=True)
    for migration in sorted((package / "migrations").glob("000[1-8]*.sql")):
        shutil.copy(migration, older / "migrations")
    deploy(session, top=older)
    session.execute(
        "insert into engagement.customer_score (customer_id, calculated_at, band_code)"
        " values (1, now(), 'GOLD'), (2, now(), null)"
    )
    deploy(session, "reference", top=package)
    assert session.execute(
        "select announced_band from engagement.customer_score order by customer_id"
    ).fetchall() == [("GOLD",), (None,)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("PREPARE", "PREPARE"),
        ("TAKE", "DEQUEUE"),
        ("WHOLE", "SOURCES"),
        ("AWARDS", "ACTIVITIES"),
        ("COLLECT", "CUSTOMERS"),
        ("TOTALS", "TOTALS"),
    ],
)
def test_deploy_of_new_names_of_phases_keeps_the_phase_of_a_run_that_waits(
    database: str, databases: Any, package: Path, tmp_path: Path, before: str, after: str
) -> None:
    session = databases.connect(database)
    older = tmp_path / "older"
    (older / "migrations").mkdir(parents=True)
    for migration in sorted((package / "migrations").glob("00*.sql")):
        if migration.name < "0020":
            shutil.copy(migration, older / "migrations")
    deploy(session, top=older)
    session.execute(
        "insert into engagement.recalculation_run (run_id, run_mode, as_of, run_status, phase,"
        " started_at, backend_pid, backend_started_at)"
        " values (1, 'FULL', now(), 'RUNNING', %s, now(), 1, now())",
        (before,),
    )
    deploy(session, "reference", top=package)
    assert session.execute("select phase from engagement.recalculation_run").fetchone() == (after,)
    session.execute("call engagement.recalculate()")
    assert session.execute(
        "select distinct phase, run_status from engagement.recalculation_run"
    ).fetchall() == [("DONE", "COMPLETED")]


@pytest.mark.parametrize("next_migration", ["0011", "0012"])
def test_deploy_of_the_ranks_of_the_last_run_takes_them_from_the_scores(
    database: str, databases: Any, package: Path, tmp_path: Path, next_migration: str
) -> None:
    session = databases.connect(database)
    older = tmp_path / "older"
    (older / "migrations").mkdir(parents=True)
    for migration in sorted((package / "migrations").glob("00*.sql")):
        if migration.name < next_migration:
            shutil.copy(migration, older / "migrations")
    deploy(session, top=older)
    session.execute(
        "insert into engagement.customer_score"
        " (customer_id, calculated_at, own_score, score, percentile, ranked_type)"
        " values (1, now(), 5, 5, 25, 'INDIVIDUAL'), (2, now(), 5, 5, 25, 'INDIVIDUAL'),"
        " (3, now(), 9, 9, 83, 'INDIVIDUAL'), (4, now(), 7, 7, null, null)"
    )
    deploy(session, "reference", top=package)
    assert session.execute(
        "select customer_type, percentile, from_score from engagement.score_percentile order by 2"
    ).fetchall() == [("INDIVIDUAL", 25, 5), ("INDIVIDUAL", 83, 9)]


def test_deploy_of_attachments_by_key_carries_the_queue_over(
    database: str, databases: Any, package: Path, tmp_path: Path
) -> None:
    session = databases.connect(database)
    older = tmp_path / "older"
    (older / "migrations").mkdir(parents=True)
    for migration in sorted((package / "migrations").glob("00*.sql")):
        if migration.name < "0023":
            shutil.copy(migration, older / "migrations")
    deploy(session, top=older)
    session.execute("create table public.setting (id integer)")
    session.execute(
        "insert into engagement.attached_table (attachment_id, source, table_name, key_expression,"
        " activity_column, attached_at)"
        " values (1, 'customer', 'public.setting', 'null', 'customer_id', now()),"
        " (2, 'employment', 'public.setting', 'id', 'customer_id', now())"
    )
    session.execute(
        "insert into engagement.pending_activity (source, activity_column, keys)"
        " values ('gone', 'recheck', '{}'), ('order_line', 'source_id', '{7,8}'),"
        " ('order_line', 'recheck', '{}'), ('order_line', 'recheck', '{3/4,5/6}'),"
        " ('invoice_line', null, null)"
    )
    assert catalog.status(session, package).pending  # a newer command can look at it
    # A host's open transaction, whose trigger has appended to the queue, holds no deployment up.
    writer = databases.connect(database)
    writer.execute("begin")
    writer.execute(
        "insert into engagement.pending_activity (source, activity_column, keys)"
        " values ('order_line', 'source_id', '{9}')"
    )
    deploy(session, "reference", top=package)
    writer.execute("commit")
    assert session.execute(
        "select table_name, is_settings from engagement.attached_table"
        " where table_name = 'public.setting' order by attachment_id"
    ).fetchall() == [("public.setting", True), ("public.setting", False)]
    assert session.execute(
        "select source, writers from engagement.pending_recheck order by source, writers"
    ).fetchall() == [("gone", None), ("order_line", ["3/4", "5/6"]), ("order_line", None)]
    assert session.execute(
        "select source, activity_column, keys from engagement.pending_activity"
        " where activity_column is not null order by keys"
    ).fetchall() == [("order_line", "source_id", ["7", "8"]), ("order_line", "source_id", ["9"])]
    session.execute("call engagement.recalculate()")
    for table in ("pending_activity", "pending_recheck"):
        assert session.execute(f"select * from engagement.{table}".encode()).fetchall() == []


def test_deploy_of_a_next_version_equals_a_fresh_one(
    databases: Any, package: Path, dump: Callable[..., str]
) -> None:
    upgraded, fresh = databases.create(), databases.create()
    session = databases.connect(upgraded)
    old = package / "procedures/old_helper.sql"
    old.write_text(
        "create or replace function engagement.old_helper() returns integer"
        " language plpgsql as $$ begin return 1; end $$;"
    )
    deploy(session, "reference", top=package)
    session.execute("select engagement.set_parameter('TIME_ZONE', 'Europe/Berlin')")

    old.unlink()
    (package / "migrations/9000_note.sql").write_text(
        "create table engagement.note (note_id integer constraint note_pkey primary key);"
    )
    (package / "sql/views").mkdir(exist_ok=True)
    (package / "sql/views/note_list.sql").write_text(
        "create or replace view engagement.note_list as select note_id from engagement.note;"
    )
    (package / "indexes/note_again.sql").write_text(
        "create index if not exists note_again on engagement.note (note_id);"
    )
    deploy(session, top=package)
    with databases.connect(fresh) as other:
        deploy(other, "reference", top=package)
        other.execute("select engagement.set_parameter('TIME_ZONE', 'Europe/Berlin')")
    assert dump(upgraded) == dump(fresh)
    assert session.execute("select engagement.parameter('TIME_ZONE')").fetchone() == (
        "Europe/Berlin",
    )


def test_deploy_of_a_next_version_regenerates_what_was_registered_by_hand(
    database: str, databases: Any, crm: Callable[[Connection], None], package: Path
) -> None:
    session = databases.connect(database)
    crm(session)
    deploy(session, top=package)
    # As the adapter would, but by hand: no host step in the next deployment comes to its aid.
    adapter = (package / "sql/hosts/reference.sql").read_text()
    session.execute(adapter.encode())
    session.execute("select engagement.clone_templates('order_line')")
    assert catalog.check(session) == []

    for file, routine in (
        ("procedures/award/sync_awards__template.sql", "sync_awards__order_line"),
        ("procedures/award/derived__template.sql", "sync_awards__order_line"),
        ("procedures/score/summed__template.sql", "sum_points__all"),
        ("triggers/capture/capture_template.sql", "capture__1"),
    ):
        text = (package / file).read_text()
        change = f"-- next version of {Path(file).stem[:7]}\n"
        (package / file).write_text(re.sub(r"(?m)^\$\$;$", rf"{change}$$;", text))
        assert change not in source_of(session, routine)
        deploy(session, top=package)
        assert change in source_of(session, routine)
    assert catalog.check(session) == []


def test_template_with_other_arguments_leaves_no_old_routine(
    database: str, databases: Any, package: Path
) -> None:
    file = package / "procedures/award/with_reversed__template.sql"
    text = file.read_text()
    limited = ", p_limit integer default null"
    assert limited in text
    old = text.replace(limited, "").replace("p_limit", "null")
    file.write_text(old.replace("engagement.host_key[], integer)", "engagement.host_key[])"))
    session = databases.connect(database)
    deploy(session, "reference", top=package)
    query = "select count(*) from pg_proc where proname = 'with_reversed__invoice_line'"
    assert session.execute(query).fetchone() == (1,)
    file.write_text(text)
    deploy(session, top=package)
    assert session.execute(query).fetchone() == (1,)
    assert session.execute(
        "select pronargs from pg_proc where proname = 'with_reversed__invoice_line'"
    ).fetchone() == (2,)
    assert catalog.check(session) == []


def test_deploy_of_a_next_version_with_a_view_or_table_gone_succeeds(
    database: str, databases: Any, package: Path
) -> None:
    session = databases.connect(database)
    deploy(session, "reference", top=package)
    session.execute("delete from engagement_meta.applied_file where kind = 'host'")
    session.execute("drop view engagement_host.order_line")
    session.execute("alter table crm.committee rename to board")
    with (package / "procedures/sources/clone_templates.sql").open("a") as file:
        file.write("-- next version\n")
    assert deploy(session, top=package).steps


def source_of(session: Connection, routine: str) -> str:
    row = session.execute("select prosrc from pg_proc where proname = %s", (routine,)).fetchone()
    assert row
    return str(row[0])


def test_deployment_restored_from_a_dump_carries_on(
    databases: Any,
    server: EmbeddedServer,
    add_rule: Callable[[Connection], None],
    sell: Callable[[Connection], Any],
) -> None:
    source, target = databases.create(), databases.create()
    session = databases.connect(source)
    deploy(session, "reference")
    add_rule(session)
    sell(session)
    session.execute("call engagement.recalculate(p_mode => 'FULL')")
    queued = sell(session)
    script = server.base / "restored.sql"
    server.run("pg_dump", "--dbname", source, "--file", script)
    server.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", target, "--file", script)

    restored = databases.connect(target)
    assert catalog.check(restored) == []
    assert catalog.status(restored).exit_code == 0
    assert restored.execute("select * from engagement.verify()").fetchall() == []
    restored.execute("call engagement.recalculate()")
    assert restored.execute("select * from engagement.verify()").fetchall() == []
    later = sell(restored)
    restored.execute("call engagement.recalculate()")
    scores = restored.execute(
        "select score from engagement.customer_score where customer_id = any (%s)",
        ([queued, later],),
    ).fetchall()
    assert scores == [(100,), (100,)]
    assert deploy(restored, "reference").steps == []
