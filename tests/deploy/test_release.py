"""The release: a number by which an older command knows that a database is newer than it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from engagement_runner import cli, files, release
from engagement_runner.deploy import catalog, deploy, dry_run, try_adapter
from engagement_runner.errors import EngagementError

Connection = psycopg.Connection[Any]

NEW = """
create or replace function engagement.newer() returns integer
language sql as $$ select 1 $$;
comment on function engagement.newer() is 'What only the newer release has.';
"""


@pytest.fixture
def session(database: str, databases: Any) -> Connection:
    """Autocommit session in an empty database."""
    return databases.connect(database)


@pytest.fixture
def newer(session: Connection, package: Path) -> Callable[[], None]:
    """Session's database is deployed from a newer release than *package* is then."""
    deploy(session, "reference", top=package)
    file = package / "procedures/newer.sql"
    file.write_text(NEW)
    before = (package / files.RELEASE).read_text()
    release.move(package)
    deploy(session, top=package)
    file.unlink()
    (package / files.RELEASE).write_text(before)
    assert release.fits(package)


def has_newer(session: Connection) -> bool:
    row = session.execute("select to_regproc('engagement.newer') is not null").fetchone()
    return bool(row and row[0])


def deployed_release(session: Connection) -> Any:
    row = session.execute(
        "select release from engagement_meta.deployment order by deployment_id desc limit 1"
    ).fetchone()
    return row and row[0]


def test_release_of_the_package_fits_its_files() -> None:
    assert release.fits(files.root()), "the SQL files have changed: run make release"


def test_release_moves_once_for_each_change_of_the_files(package: Path) -> None:
    first = release.number(package)
    assert first
    assert release.move(package) == first
    (package / "procedures/newer.sql").write_text(NEW)
    assert not release.fits(package)
    assert release.move(package) == release.move(package) == first + 1
    (package / "procedures/newer.sql").unlink()
    assert release.move(package) == first + 2


def test_release_after_a_merge_of_two_branches_is_above_both(package: Path) -> None:
    first = release.number(package) or 0
    merged = "".join(f"release {first + n}\nfiles {str(n) * 64}\n" for n in (1, 2))
    (package / files.RELEASE).write_text(merged)
    assert release.number(package) == first + 2
    assert not release.fits(package)
    assert release.move(package) == first + 3
    assert release.fits(package)


@pytest.mark.parametrize("act", [deploy, dry_run])
def test_deploy_over_a_newer_release_is_refused(
    session: Connection, package: Path, newer: None, act: Callable[..., Any]
) -> None:
    with pytest.raises(EngagementError, match=r"release \d+ .*hint: .*--allow-older"):
        act(session, top=package)
    assert has_newer(session)
    assert catalog.check(session) == []
    (drift,) = catalog.status(session, package).drift
    assert "release" in drift


def test_adapter_check_over_a_newer_release_is_refused(
    session: Connection, package: Path, newer: None
) -> None:
    with pytest.raises(EngagementError, match="release"):
        try_adapter(session, "reference", lambda remarks: None, top=package)


def test_deploy_that_allows_the_older_release_goes_back_to_it(
    session: Connection, package: Path, newer: None
) -> None:
    assert dry_run(session, allow_older=True, top=package).steps
    deploy(session, allow_older=True, top=package)
    assert not has_newer(session)
    assert deployed_release(session) == release.number(package)
    assert catalog.check(session) == []
    assert deploy(session, top=package).is_empty


def test_deploy_of_a_newer_release_over_an_older_one_notes_it(
    session: Connection, package: Path
) -> None:
    deploy(session, "reference", top=package)
    first = release.number(package) or 0
    assert deployed_release(session) == first
    with (package / "sql/hosts/tryton.sql").open("a") as file:
        file.write("-- Changed.\n")
    release.move(package)
    plan = deploy(session, top=package)
    assert (plan.steps, plan.lines) == ([], [f"note release {first + 1} (was {first})"])
    assert deployed_release(session) == first + 1
    assert catalog.status(session, package).exit_code == 0


def test_deploy_of_edited_files_needs_no_new_number(session: Connection, package: Path) -> None:
    deploy(session, "reference", top=package)
    file = package / "procedures/newer.sql"
    file.write_text(NEW)
    assert deploy(session, top=package).steps
    file.unlink()
    assert deploy(session, top=package).steps
    assert not has_newer(session)


def test_deploy_over_a_database_that_knows_no_release_is_an_upgrade(
    session: Connection, package: Path
) -> None:
    deployment = package / "migrations/0018_deployment.sql"
    text = deployment.read_text()
    deployment.unlink()
    number = (package / files.RELEASE).read_text()
    (package / files.RELEASE).unlink()
    deploy(session, "reference", top=package)
    deployment.write_text(text)
    (package / files.RELEASE).write_text(number)
    deploy(session, top=package)
    assert deployed_release(session) == release.number(package)
    assert catalog.check(session) == []


def test_deploy_command_over_a_newer_release_is_one_line_and_exit_code_1(
    deployed: Connection,
) -> None:
    deployed.execute(
        "insert into engagement_meta.deployment (deployment_id, release, package_version)"
        " values (999, 999999, '9.9')"
    )
    for options in (["--dry-run"], []):
        result = CliRunner().invoke(
            cli.main, ["deploy", "--dsn", deployed.info.dsn, *options], env={"PGPASSWORD": ""}
        )
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "999999" in result.stderr.splitlines()[-1]
