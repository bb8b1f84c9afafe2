"""Another version of the package over one that is spread over a cluster, and taking it away."""

from __future__ import annotations

import shutil
from pathlib import Path

from citus.life import AS_OF, Connection, live, rows
from engagement_runner import catalog, files
from engagement_runner.deploy import deploy, dry_run


def on_nodes(session: Connection, query: str) -> set[str]:
    """The answers of all workers to a query."""
    found = rows(session, "select success, result from run_command_on_workers(%s)", query)
    assert all(success for success, _ in found), found
    return {result for _, result in found}


def test_new_version_reaches_the_nodes(distributed: Connection, tmp_path: Path) -> None:
    live(distributed)
    top = tmp_path / "package"
    for folder in ("migrations", "procedures", "triggers", "indexes", "sql"):
        shutil.copytree(files.root() / folder, top / folder)
    (top / "procedures/doubled.sql").write_text(
        "create or replace function engagement.doubled(p_points numeric) returns numeric"
        " language sql immutable parallel safe as $$ select p_points * 2 $$;"
    )
    fading = top / "procedures/faded_points.sql"
    fading.write_text(
        fading.read_text().replace("then p_points", "then engagement.doubled(p_points)")
    )
    (top / "migrations/9999_note.sql").write_text("alter table engagement.award add note text;")
    (top / "indexes/award_note.sql").write_text(
        "create index if not exists award_note on engagement.award (note);"
    )
    deploy(distributed, top=top)
    assert dry_run(distributed, top=top).is_empty
    assert on_nodes(distributed, "select engagement.faded_points(3, now(), null, now())") == {"6"}
    shards = rows(
        distributed,
        "select count(*) from citus_shards where table_name = 'engagement.award'::regclass",
    )
    there = rows(
        distributed,
        "select sum(r.result::integer) from run_command_on_workers("
        "$$select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where c.relname like 'award\\_%' and c.relkind = 'r' and a.attname = 'note'$$) r",
    )
    assert there == shards
    (indexes,) = rows(
        distributed,
        "select sum(r.result::integer) from run_command_on_workers("
        "$$select count(*) from pg_class c where c.relname ~ '^award_note_[0-9]+$'$$) r",
    )
    assert [indexes] == shards
    assert catalog.check(distributed) == []
    distributed.execute("call engagement.recalculate('FULL', null, %s)", (AS_OF,))
    assert rows(distributed, "select * from engagement.verify()") == []


def test_undeploy_leaves_nothing_on_any_node(distributed: Connection) -> None:
    live(distributed)
    catalog.undeploy(distributed)
    assert rows(distributed, "select count(*) from citus_tables") == [(0,)]
    left = "select count(*) from pg_class where relname ~ '^(award|customer_score)'"
    assert on_nodes(distributed, left) == {"0"}
    assert rows(distributed, "select count(*) > 0 from crm.order_line") == [(True,)]
