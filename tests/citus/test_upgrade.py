"""Another version of the package over one that is spread over a cluster, and taking it away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from citus.life import AS_OF, Connection, live, rows
from engagement_runner import files
from engagement_runner.deploy import catalog, deploy, dry_run, removal

AWARD = "engagement.award"


def on_nodes(session: Connection, query: str) -> set[str]:
    """The answers of all workers to a query."""
    found = rows(session, "select success, result from run_command_on_workers(%s)", query)
    assert all(success for success, _ in found), found
    return {result for _, result in found}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package's SQL folders, to change."""
    for folder in ("migrations", "procedures", "triggers", "indexes", "sql"):
        shutil.copytree(files.root() / folder, tmp_path / "package" / folder)
    return tmp_path / "package"


@pytest.fixture(params=["on", "off"])
def living(distributed: Connection, request: pytest.FixtureRequest) -> Connection:
    """The association on the cluster, in a session that propagates DDL or does not."""
    live(distributed)
    distributed.execute(f"set citus.enable_ddl_propagation = {request.param}".encode())
    return distributed


def change(file: Path, *changes: tuple[str, str]) -> None:
    """Replace texts in a file."""
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def test_new_version_reaches_the_nodes(living: Connection, package: Path) -> None:
    helpers = package / "procedures/score"
    (helpers / "doubled.sql").write_text(
        "create or replace function engagement.doubled(p_points numeric) returns numeric"
        " language sql immutable parallel safe as $$ select p_points * 2 $$;"
    )
    change(helpers / "faded_points.sql", ("then p_points", "then engagement.doubled(p_points)"))
    change(helpers / "whole_weeks.sql", ("p_from", "p_begin"))  # cannot be replaced
    (package / "migrations/9999_note.sql").write_text("alter table engagement.award add note text;")
    (package / "indexes/award_note.sql").write_text(
        "create index if not exists award_note on engagement.award (note);"
    )
    deploy(living, top=package)
    assert dry_run(living, top=package).is_empty
    assert on_nodes(living, "select engagement.faded_points(3, now(), null, now())") == {"6"}
    assert on_nodes(living, "select proargnames[1] from pg_proc where proname = 'whole_weeks'") == {
        "p_begin"
    }
    shards = len(
        rows(living, "select 1 from pg_dist_shard where logicalrelid = %s::regclass", AWARD)
    )
    for there in (
        "pg_attribute a join pg_class c on c.oid = a.attrelid and a.attname = 'note'"
        " where c.relname ~ '^award_[0-9]+$'",
        "pg_class c where c.relname ~ '^award_note_[0-9]+$'",
    ):
        counted = rows(
            living,
            "select sum(result::integer) from run_command_on_workers(%s)",
            f"select count(*) from {there}",
        )
        assert counted == [(shards,)]
    assert catalog.check(living) == []
    living.execute("call engagement.recalculate('FULL', null, %s)", (AS_OF,))
    assert rows(living, "select * from engagement.verify()") == []
    # And back again, without the helper; a migration stays.
    (helpers / "doubled.sql").unlink()
    shutil.copy(files.root() / "procedures/score/faded_points.sql", helpers / "faded_points.sql")
    deploy(living, top=package)
    assert on_nodes(living, "select engagement.faded_points(3, now(), null, now())") == {"3"}
    assert on_nodes(living, "select count(*) from pg_proc where proname = 'doubled'") == {"0"}


def test_migration_changes_a_column_that_views_read(living: Connection, package: Path) -> None:
    for file in [*package.glob("sql/views/**/*.sql"), *package.glob("procedures/**/*.sql")]:
        file.write_text(file.read_text().replace("ranked_type", "rank_type"))
    (package / "migrations/9999_rank_type.sql").write_text(
        "drop view engagement.segment_dormant;\n"
        "alter table engagement.customer_score rename ranked_type to rank_type;"
    )
    deploy(living, top=package)
    living.execute("call engagement.recalculate('FULL', null, %s)", (AS_OF,))
    assert rows(living, "select * from engagement.verify()") == []
    assert rows(living, "select count(*) from engagement.segment('dormant')") == [(0,)]


def test_undeploy_leaves_nothing_on_any_node(living: Connection) -> None:
    removal.undeploy(living)
    assert rows(living, "select count(*) from citus_tables") == [(0,)]
    for left in (
        "pg_namespace where nspname like 'engagement%'",
        "pg_class where relname ~ '^(award|customer_score|category|score_rule|app_parameter)'",
        "pg_proc where proname in ('faded_points', 'parameter', 'recalculate')",
        "pg_type where typname in ('host_key', 'period_total')",
    ):
        assert on_nodes(living, f"select count(*) from {left}") == {"0"}
    assert rows(living, "select count(*) > 0 from crm.order_line") == [(True,)]
