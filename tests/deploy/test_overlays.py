"""Overlays: files of procedures/cluster/ that replace others in a cluster, and only there.

There is no cluster here: a state that says so stands for one. `make test-citus` deploys to one.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from engagement_runner import files, release
from engagement_runner.cli import main
from engagement_runner.deploy import catalog, deploy, dry_run
from engagement_runner.deploy.plan import DISTRIBUTION, make_plan
from engagement_runner.deploy.state import State, read_state
from engagement_runner.deploy.steps import OVERLAY
from engagement_runner.errors import EngagementError
from overlaid import put_overlays

Connection = psycopg.Connection[Any]

BASE = "procedures/score/all_scores.sql"
OVER = "procedures/cluster/all_scores.sql"


def state_of(package: Path, is_distributed: bool) -> State:
    """What a database has after a deployment of a package."""
    found = [
        *files.migrations(package),
        *files.repeatables(package, is_distributed),
        *files.grants(package),
        *files.indexes(package),
    ]
    return State(
        files={file.path: (file.kind, file.checksum) for file in found},
        indexes={file.object_name: True for file in files.indexes(package)},
        key_type="bigint",
        has_citus=True,
        is_distributed=is_distributed,
        release=release.number(package),
    )


def steps(state: State, package: Path) -> list[str]:
    """What a deployment of the package would do."""
    return [str(step) for step in make_plan(state, package).steps]


def test_overlay_takes_the_place_of_the_other_file_in_a_cluster_only(package: Path) -> None:
    alone = [file.path for file in files.repeatables(package)]
    spread = [file.path for file in files.repeatables(package, is_distributed=True)]
    overlays = {file.path for file in files.overlays(package)}
    assert BASE in alone
    assert OVER in overlays
    assert overlays.isdisjoint(alone)
    assert overlays <= set(spread)
    assert [Path(path).name for path in alone] == [Path(path).name for path in spread]
    assert [a for a, s in zip(alone, spread, strict=True) if a != s and s not in overlays] == []


def test_file_of_the_cluster_that_declares_what_no_other_does_is_no_overlay(package: Path) -> None:
    path = "procedures/cluster/distribute.sql"
    assert path not in {file.path for file in files.overlays(package)}
    assert path in {file.path for file in files.repeatables(package)}


@pytest.mark.parametrize("is_distributed", [False, True])
def test_two_overlays_of_one_object_are_refused(package: Path, is_distributed: bool) -> None:
    second = package / "procedures/cluster/more/all_scores.sql"
    second.parent.mkdir()
    shutil.copy(package / OVER, second)
    with pytest.raises(EngagementError) as refused:
        files.repeatables(package, is_distributed)
    assert {OVER, "procedures/cluster/more/all_scores.sql"} <= set(str(refused.value).split())


def test_deployment_with_distribute_ends_with_the_overlays(package: Path) -> None:
    state = state_of(package, is_distributed=False)
    assert make_plan(state, package).is_empty
    plan = make_plan(state, package, distribute=True)
    assert plan.steps == []
    assert [step.file for step in plan.overlays] == files.overlays(package)
    assert {step.reason for step in plan.overlays} == {OVERLAY}
    (moved,) = [step for step in plan.overlays if step.file.path == OVER]
    assert moved.was == BASE
    first, *others = plan.lines
    assert first == DISTRIBUTION
    assert f"apply {OVER} ({OVERLAY})" in others
    assert plan.summary == [
        DISTRIBUTION,
        f"apply {len(plan.overlays)} files of {files.CLUSTER} ({OVERLAY})",
        *others[len(plan.overlays) :],
    ]
    assert plan.of_overlays.is_distributed


def test_later_deployment_to_a_cluster_knows_the_overlays(package: Path) -> None:
    state = state_of(package, is_distributed=True)
    assert OVER in state.files
    assert steps(state, package) == []
    assert make_plan(state, package, distribute=True).lines == make_plan(state, package).lines
    # The other file is not applied there, so a change of it is none.
    for path in (BASE, OVER):
        (package / path).write_text((package / path).read_text() + "\n-- changed\n")
    assert steps(state, package)[0] == f"apply {OVER} (changed)"
    assert not any(BASE in step for step in steps(state, package))
    alone = steps(state_of_before(state, package), package)
    assert alone[0] == f"apply {BASE} (changed)"
    assert not any(OVER in step for step in alone)


def state_of_before(state: State, package: Path) -> State:
    """The same database, had it never been spread over a cluster."""
    over = {file.identity: file for file in files.overlays(package)}
    held = dict(state.files)
    for file in files.repeatables(package):
        if file.identity in over:
            held.pop(over[file.identity].path)
            held[file.path] = (file.kind, file.checksum)
    held[BASE] = ("routine", "as it was")
    return replace(state, files=held, is_distributed=False)


def test_cluster_of_an_older_release_gets_the_overlays(package: Path) -> None:
    older = replace(state_of(package, is_distributed=False), is_distributed=True)
    found = steps(older, package)
    for file in files.overlays(package):
        assert any(step.startswith(f"apply {file.path} (changed; was ") for step in found)
    assert not any(step.startswith(("drop", "forget", f"apply {BASE}")) for step in found)


def test_overlay_that_is_gone_gives_way_to_the_other_file(package: Path) -> None:
    state = state_of(package, is_distributed=True)
    (package / OVER).unlink()
    assert steps(state, package)[0] == f"apply {BASE} (changed; was {OVER})"
    assert not any(step.startswith("drop") for step in steps(state, package))


def test_overlays_are_recorded_as_the_files_of_their_objects(
    databases: Any, add_rule: Any, sell: Any
) -> None:
    session = databases.connect(databases.create())
    deploy(session, "reference", roles=True)
    before = dict(session.execute("select oid::regprocedure::text, proacl from pg_proc"
                                  " where pronamespace = 'engagement'::regnamespace"))  # fmt: skip
    put_overlays(session)
    after = dict(session.execute("select oid::regprocedure::text, proacl from pg_proc"
                                 " where pronamespace = 'engagement'::regnamespace"))  # fmt: skip
    assert after == before
    applied = read_state(session).files
    for file in files.overlays(files.root()):
        assert applied[file.path] == (file.kind, file.checksum)
    assert BASE not in applied
    assert catalog.check(session) == []
    spread = replace(read_state(session), is_distributed=True)
    assert make_plan(spread, files.root()).is_empty
    add_rule(session)
    customer = sell(session)
    session.execute("call engagement.recalculate()")
    session.execute("call engagement.refresh_customer(%s)", (customer,))
    assert session.execute("select engagement.score_at(%s)", (customer,)).fetchone() == (100,)
    assert session.execute("select * from engagement.verify()").fetchall() == []
    # A routine that somebody changes by hand is found, whichever file it has.
    session.execute("alter function engagement.all_scores() volatile")
    assert catalog.check(session) == [
        "routine engagement.all_scores() was changed since it was deployed"
    ]
    # For a database that is not spread the other files come back.
    assert f"apply {BASE} (changed; was {OVER})" in dry_run(session).lines
    deploy(session)
    assert catalog.check(session) == []
    assert dry_run(session).is_empty


def test_number_of_shards_goes_with_distribute() -> None:
    result = CliRunner().invoke(main, ["deploy", "--shards", "8"])
    assert result.exit_code == 2
    assert "--distribute" in result.output
