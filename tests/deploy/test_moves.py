"""Files that lie elsewhere, are called otherwise, or declare what another file declares too."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner import files, queries
from engagement_runner.deploy import catalog, deploy, dry_run
from engagement_runner.errors import EngagementError

Connection = psycopg.Connection[Any]

#: A file of each kind, and where it is moved to.
MOVES = {
    "function": ("procedures/customer/trend.sql", "procedures/everybody/trend.sql"),
    "procedure": ("procedures/run/recalculate.sql", "procedures/recalculate.sql"),
    "generator": ("procedures/sources/clone_templates.sql", "procedures/clone_templates.sql"),
    "function to triggers": ("procedures/customer/trend.sql", "triggers/trend.sql"),
    "trigger": ("triggers/own/load_social_scores.sql", "triggers/load_social_scores.sql"),
    "trigger to procedures": (
        "triggers/own/load_social_scores.sql",
        "procedures/input/load_social_scores.sql",
    ),
    "view": ("sql/views/score_change.sql", "sql/views/everybody/score_change.sql"),
    "view, other prefix": ("sql/views/score_change.sql", "sql/views/10_score_change.sql"),
    "index": ("indexes/award_customer.sql", "indexes/award/award_customer.sql"),
    "seed": ("sql/seed/category.sql", "sql/seed/first/category.sql"),
    "grants": ("sql/grants.sql", "sql/rights/grants.sql"),
    "roles": ("sql/roles.sql", "sql/rights/roles.sql"),
    "sources": ("sql/sources.sql", "sql/own/sources.sql"),
    "migration": ("migrations/0010_applied_rules.sql", "migrations/old/0010_applied_rules.sql"),
    "migration, other name": ("migrations/0010_applied_rules.sql", "migrations/0010_rules.sql"),
    "adapter": ("sql/hosts/reference.sql", "sql/hosts/crm/reference.sql"),
}


def move(package: Path, was: str, path: str) -> Path:
    """Move a file of the package; return its new place."""
    (package / path).parent.mkdir(exist_ok=True)
    return (package / was).rename(package / path)


def applied(session: Connection) -> set[str]:
    found = session.execute("select path from engagement_meta.applied_file")
    return {path for (path,) in found}


def differences(session: Connection) -> list[Any]:
    return session.execute("select * from engagement.verify()").fetchall()


@pytest.fixture
def session(
    database: str,
    databases: Any,
    package: Path,
    add_rule: Callable[[Connection], None],
    sell: Callable[[Connection], Any],
) -> Connection:
    """Session in a deployment of *package* with roles and data in it."""
    opened = databases.connect(database)
    deploy(opened, "reference", roles=True, top=package)
    add_rule(opened)
    sell(opened)
    opened.execute("call engagement.recalculate('FULL')")
    return opened


@pytest.mark.parametrize("kind", MOVES)
def test_deploy_moved_file_keeps_its_object(
    session: Connection, database: str, package: Path, dump: Callable[..., str], kind: str
) -> None:
    was, path = MOVES[kind]
    before = dump(database)
    move(package, was, path)
    assert [str(step) for step in dry_run(session, top=package).steps] == [
        f"move {path} (was {was})"
    ]
    deploy(session, top=package)
    assert dump(database) == before
    assert path in applied(session)
    assert was not in applied(session)
    assert catalog.check(session) == []
    assert differences(session) == []
    assert deploy(session, top=package).is_empty


@pytest.mark.parametrize("kind", [kind for kind in MOVES if not kind.startswith("migration")])
def test_deploy_moved_file_that_changed_is_applied_and_keeps_its_object(
    session: Connection, database: str, package: Path, dump: Callable[..., str], kind: str
) -> None:
    was, path = MOVES[kind]
    before = dump(database)
    moved = move(package, was, path)
    moved.write_text(f"-- Changed.\n{moved.read_text()}")
    lines = [str(step) for step in deploy(session, top=package).steps]
    assert f"apply {path} (changed; was {was})" in lines
    assert not [line for line in lines if line.startswith(("drop", "forget", "move"))]
    # The adapter makes views and triggers anew, whose rights a dump may list in another order.
    assert sorted(dump(database).splitlines()) == sorted(before.splitlines())
    assert was not in applied(session)
    assert catalog.check(session) == []
    assert differences(session) == []
    assert deploy(session, top=package).is_empty


def test_deploy_moved_migration_that_changed_is_refused(session: Connection, package: Path) -> None:
    moved = move(package, *MOVES["migration"])
    moved.write_text(f"-- Changed.\n{moved.read_text()}")
    with pytest.raises(EngagementError, match=r"old/0010_applied_rules\.sql was changed"):
        deploy(session, top=package)


def test_deploy_renamed_migration_that_changed_is_refused(
    session: Connection, package: Path
) -> None:
    moved = move(package, *MOVES["migration, other name"])
    moved.write_text(f"-- Changed.\n{moved.read_text()}")
    with pytest.raises(EngagementError, match=r"0010_applied_rules\.sql, which this version"):
        deploy(session, top=package)


def test_deploy_file_renamed_with_its_object_drops_the_old_one(
    session: Connection, package: Path
) -> None:
    renamed = move(package, "procedures/customer/trend.sql", "procedures/customer/movement.sql")
    renamed.write_text(renamed.read_text().replace("engagement.trend(", "engagement.movement("))
    for file in package.rglob("*.sql"):
        file.write_text(re.sub(r"\bengagement\.trend\b", "engagement.movement", file.read_text()))
    deploy(session, top=package)
    names = ["engagement.trend", "engagement.movement"]
    found = [session.execute("select to_regproc(%s) is null", (name,)).fetchone() for name in names]
    assert found == [(True,), (False,)]
    assert catalog.check(session) == []


@pytest.mark.parametrize(
    ("was", "path"),
    [
        ("procedures/customer/trend.sql", "procedures/customer/movement.sql"),
        ("triggers/own/load_social_scores.sql", "triggers/own/take_upload.sql"),
        ("sql/views/score_change.sql", "sql/views/changes.sql"),
        ("indexes/award_customer.sql", "indexes/award_person.sql"),
    ],
)
def test_deploy_file_renamed_without_its_object_is_refused(
    session: Connection, database: str, package: Path, dump: Callable[..., str], was: str, path: str
) -> None:
    before = dump(database)
    move(package, was, path)
    with pytest.raises(EngagementError, match=re.escape(path)):
        deploy(session, top=package)
    assert dump(database) == before


def test_deploy_path_whose_object_another_file_declares_is_forgotten(
    session: Connection, package: Path
) -> None:
    session.execute(
        "insert into engagement_meta.applied_file (path, kind, checksum, package_version)"
        " values ('procedures/old/trend.sql', 'routine', 'x', '0'),"
        " ('indexes/old/award_customer.sql', 'index', 'x', '0')"
    )
    lines = [str(step) for step in deploy(session, top=package).steps]
    assert lines[0].startswith("forget procedures/old/trend.sql")
    assert "forget indexes/old/award_customer.sql (indexes/award_customer.sql declares it)" in lines
    assert not [line for line in lines if line.startswith("drop")]
    assert catalog.check(session) == []


def test_deploy_hand_edited_routine_stays_a_finding_when_its_file_moves(
    session: Connection, package: Path
) -> None:
    session.execute("alter function engagement.get_parameter(text) stable security definer")
    before = catalog.check(session)
    assert before
    move(package, *MOVES["function"])
    deploy(session, top=package)
    assert catalog.check(session) == before


def test_deploy_after_all_files_moved_into_rooms_equals_a_fresh_one(
    session: Connection,
    database: str,
    databases: Any,
    package: Path,
    dump: Callable[..., str],
    sell: Callable[[Connection], Any],
) -> None:
    overlays = {file.path for file in files.overlays(package)}
    for folder in (*files.REPEATABLE, "indexes", "migrations"):
        for number, file in enumerate(sorted((package / folder).rglob("*.sql"))):
            if file.parent.name == "cluster":
                continue  # only there an overlay is none of two files for one object
            room = f"room_{number % 3}"
            was = file.relative_to(package).as_posix()
            if was in overlays:
                continue  # elsewhere it would be none
            moved = move(package, was, f"{folder}/{room}/{file.name}")
            if folder != "migrations" and number % 2:
                moved.write_text(f"{moved.read_text()}\n-- Changed.\n")
    plan = deploy(session, top=package)
    assert {step.action for step in plan.steps} == {"apply", "move"}
    assert catalog.check(session) == []
    assert differences(session) == []
    sell(session)
    session.execute("call engagement.recalculate()")
    assert differences(session) == []
    assert deploy(session, top=package).is_empty

    fresh = databases.create()
    with databases.connect(fresh) as other:
        deploy(other, "reference", roles=True, top=package)
        other.execute("call engagement.recalculate('FULL')")
    assert sorted(dump(database).splitlines()) == sorted(dump(fresh).splitlines())


def flattened(package: Path, top: Path) -> Path:
    """A copy of the package whose routines lie in no rooms, as they did once: without overlays."""
    shutil.copytree(package, top)
    for overlay in files.overlays(package):
        (top / overlay.path).unlink()
    for folder in ("procedures", "triggers"):
        for file in sorted((top / folder).glob("*/*.sql")):
            file.rename(top / folder / file.name)
    return top


@pytest.mark.parametrize("key_type", ["bigint", "text", "uuid"])
def test_deploy_over_a_version_without_rooms_keeps_everything(
    databases: Any,
    package: Path,
    tmp_path: Path,
    dump: Callable[..., str],
    add_rule: Callable[[Connection], None],
    sell: Callable[[Connection], Any],
    key_type: str,
) -> None:
    database = databases.create()
    session = databases.connect(database)
    deploy(session, "reference", key_type, roles=True, top=flattened(package, tmp_path / "flat"))
    add_rule(session)
    customer = sell(session)
    session.execute("call engagement.recalculate('FULL')")
    before = dump(database)
    score = "select own_score, calculated_at from engagement.customer_score where customer_id = %s"
    scored = session.execute(score, (customer,)).fetchone()
    assert scored and scored[0] == 100

    plan = deploy(session, top=package)
    assert {step.action for step in plan.steps} == {"move"}
    routines = [file for file in files.repeatables(package) if file.path.count("/") == 2]
    assert len(plan.steps) == len(
        [file for file in routines if file.kind in ("routine", "trigger")]
    )
    assert dump(database) == before
    assert session.execute(score, (customer,)).fetchone() == scored
    assert catalog.check(session) == []
    assert differences(session) == []
    assert deploy(session, top=package).is_empty

    sell(session)
    session.execute("call engagement.recalculate()")
    assert catalog.check(session) == []
    assert differences(session) == []


def test_repeatables_are_applied_by_name_whatever_folder_they_lie_in(package: Path) -> None:
    before = [Path(file.path).name for file in files.repeatables(package)]
    for name in ("score_change", "segment_rising"):
        move(package, f"sql/views/{name}.sql", f"sql/views/a/{name}.sql")
    assert [Path(file.path).name for file in files.repeatables(package)] == before


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("procedures/customer/trend.sql", "procedures/everybody/trend.sql"),
        ("procedures/customer/trend.sql", "triggers/trend.sql"),
        ("sql/views/score_change.sql", "sql/views/20_score_change.sql"),
        ("sql/seed/category.sql", "sql/seed/b/category.sql"),
        ("indexes/award_customer.sql", "indexes/a/award_customer.sql"),
        ("migrations/0001_meta.sql", "migrations/a/0001_meta.sql"),
        ("sql/grants.sql", "sql/rights/grants.sql"),
    ],
)
def test_deploy_object_declared_by_two_files_is_refused_and_names_both(
    database: str, databases: Any, package: Path, first: str, second: str
) -> None:
    (package / second).parent.mkdir(exist_ok=True)
    shutil.copy(package / first, package / second)
    session = databases.connect(database)
    with pytest.raises(EngagementError) as refused:
        deploy(session, top=package)
    assert {first, second} <= set(str(refused.value).split())
    assert session.execute("select to_regnamespace('engagement')").fetchone() == (None,)


def test_files_of_editors_are_no_files_of_the_package(package: Path) -> None:
    before = files.repeatables(package)
    (package / "procedures/.backup").mkdir()
    shutil.copy(package / "procedures/customer/trend.sql", package / "procedures/.backup/trend.sql")
    shutil.copy(package / "procedures/customer/trend.sql", package / "procedures/.#trend.sql")
    assert files.repeatables(package) == before


def test_queries_of_sub_folders_are_found_and_of_one_name_refused(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room/one.sql").write_text("select 1")
    (tmp_path / "two.sql").write_text("select 2")
    assert queries.paths(tmp_path) == {
        "one": tmp_path / "room/one.sql",
        "two": tmp_path / "two.sql",
    }
    (tmp_path / "one.sql").write_text("select 1")
    queries.paths.cache_clear()
    with pytest.raises(ValueError, match=r"one\.sql and room/one\.sql"):
        queries.paths(tmp_path)


def test_queries_of_the_package_have_one_name_each() -> None:
    assert queries.paths()
    with pytest.raises(FileNotFoundError):
        queries.load("no_such_query")
