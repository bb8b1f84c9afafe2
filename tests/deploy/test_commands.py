"""The commands deploy, status, check, undeploy and detach, and how they fail."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import make_conninfo

from engagement_runner.cli import main


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``run("status", "--dsn", …)``: the result of a command."""
    for name in ("DATABASE_URL", "ENGAGEMENT_DSN", "PGPASSWORD"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, arguments, **options)

    return invoke


def test_commands_from_first_deployment_to_the_last(run: Any, database: str) -> None:
    dsn = ("--dsn", database)
    assert run("status", *dsn).exit_code == 4
    planned = run("deploy", *dsn, "--host", "reference", "--dry-run")
    assert planned.exit_code == 0
    assert "sql/hosts/reference.sql" in planned.stdout
    assert run("status", *dsn).exit_code == 4

    assert run("deploy", *dsn, "--host", "reference").exit_code == 0
    assert run("status", *dsn).exit_code == 0
    status = json.loads(run("status", *dsn, "--format", "json").stdout)
    assert status["key_type"] == "bigint"
    assert {
        "table_name": "crm.order_line",
        "source": "order_line",
        "activity_column": "source_id",
        "key_expression": "order_line_id",
    } in (status["attached"])
    assert run("check", *dsn).exit_code == 0

    assert run("detach", *dsn, "--host").exit_code == 0
    assert run("status", *dsn).exit_code == 0
    assert run("undeploy", *dsn, "--yes").exit_code == 0
    assert run("check", *dsn).exit_code == 1


def test_deploy_first_counts_files_by_folder_and_names_them_when_asked(
    run: Any, database: str
) -> None:
    dsn = ("--dsn", database)
    counted = run("deploy", *dsn, "--host", "reference", "--dry-run").stdout.splitlines()
    named = run("deploy", *dsn, "--host", "reference", "--dry-run", "-v").stdout.splitlines()
    files = [line.split()[1] for line in named if line.startswith("apply ")]
    assert "migrations/0001_meta.sql" in files
    masses = [re.match(r"apply (\d+) files of (\S+) \(new\)", line) for line in counted]
    folders = {mass[2]: int(mass[1]) for mass in masses if mass}
    assert folders["migrations"] == sum(file.startswith("migrations/") for file in files)
    singles = [line for line in counted if line.startswith("apply ") and ".sql" in line]
    assert sum(folders.values()) + len(singles) == len(files)
    assert len(counted) < 60

    shown = run("status", *dsn).stdout.splitlines()
    assert {f"  {line}" for line in counted if "files of migrations" in line} <= {*shown}
    done = run("deploy", *dsn, "--host", "reference")
    assert [line for line in counted if line.startswith("apply ")] == done.stderr.splitlines()
    assert f"Deployed: {len(named)} steps" in done.stdout


def test_undeploy_unconfirmed_changes_nothing(run: Any, deployed: Any) -> None:
    result = run("undeploy", "--dsn", deployed.info.dsn, input="n\n")
    assert result.exit_code == 1
    assert deployed.execute("select to_regnamespace('engagement') is not null").fetchone() == (
        True,
    )


@pytest.mark.parametrize("command", [("undeploy", "--yes"), ("detach", "--host")])
def test_command_that_would_drop_others_views_asks_for_cascade(
    run: Any, deployed: Any, command: tuple[str, ...]
) -> None:
    deployed.execute("create schema reporting")
    deployed.execute("create view reporting.people as select * from engagement_host.customer")
    refused = run(*command, "--dsn", deployed.info.dsn)
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "view reporting.people" in refused.stderr.splitlines()[-1]
    assert deployed.execute("select count(*) from reporting.people").fetchone() == (0,)
    assert run(*command, "--cascade", "--dsn", deployed.info.dsn).exit_code == 0


def test_status_after_a_routine_was_edited_is_drift(run: Any, deployed: Any) -> None:
    deployed.execute("alter function engagement.get_parameter(text) cost 7 volatile")
    result = run("status", "--dsn", deployed.info.dsn)
    assert result.exit_code == 6
    assert "get_parameter" in result.stdout


def test_check_with_a_finding_exits_with_3(run: Any, deployed: Any) -> None:
    deployed.execute("grant execute on all functions in schema engagement to public")
    result = run("check", "--dsn", deployed.info.dsn, "--format", "json")
    assert result.exit_code == 3
    assert all("PUBLIC" in finding for finding in json.loads(result.stdout))


def test_command_reads_the_database_url(
    run: Any, deployed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", deployed.info.dsn)
    assert run("status").exit_code == 0


def test_command_reads_an_options_own_variable(
    run: Any, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGAGEMENT_DEPLOY_KEY_TYPE", "uuid")
    assert "key type uuid" in run("deploy", "--dsn", database).stdout


def test_command_reads_libpqs_own_variables(
    run: Any, deployed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", deployed.info.host)
    monkeypatch.setenv("PGUSER", deployed.info.user)
    monkeypatch.setenv("PGDATABASE", deployed.info.dbname)
    assert run("status").exit_code == 0


@pytest.mark.parametrize("command", ["deploy", "status", "check", "undeploy"])
@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://ada:hunter2@/nowhere?host=/no/such/folder",
        "host=/no/such/folder user=ada password=hunter2",
        "host=/no/such/folder password='hunter2 and more'",
        "postgresql://ada:hunter2@host:notaport/db",
        "postgresql://ada:hunter2@host/db?nosuchoption=1",
        "postgresql://ada:secret@hunter2@127.0.0.1:1/db",
        "password=hunter2 hunter2",
        "hunter2",
    ],
)
def test_command_that_cannot_connect_says_so_in_one_line_without_the_password(
    run: Any, command: str, dsn: str
) -> None:
    result = run(command, "--dsn", dsn)
    assert result.exit_code == (8 if "cannot connect" in result.stderr else 1)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_failed_deployment_is_one_line_without_the_password(
    run: Any, database: str, tmp_path: Any
) -> None:
    adapter = tmp_path / "mine.sql"
    adapter.write_text("select 1;\ncreate view v as\nselect 'hunter2' +;\n")
    dsn = make_conninfo(database, password="hunter2")
    result = run("deploy", "--dsn", dsn, "--host", str(adapter))
    assert result.exit_code == 1
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert "mine.sql:3: ERROR 42601:" in last
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("key_type", ["bigint", "text"])
def test_deploy_sample_loads_the_association_once(
    run: Any, database: str, databases: Any, key_type: str
) -> None:
    deploy = ("deploy", "--dsn", database, "--host", "reference", "--key-type", key_type)
    planned = run(*deploy, "--sample", "--dry-run")
    assert planned.stdout.splitlines()[-1].startswith("load the sample association")
    loaded = run(*deploy, "--sample")
    assert loaded.exit_code == 0, loaded.stderr
    assert "2,000 people, 60 companies" in loaded.stdout
    assert "engagement recalculate --mode FULL" in loaded.stdout
    assert run("recalculate", "--mode", "FULL", "--dsn", database).exit_code == 0
    assert run("verify", "--sample", "5%", "--dsn", database).exit_code == 0

    session = databases.connect(database)
    count = "select count(*) from crm.order_line"
    before = session.execute(count).fetchone()
    for options in (["--dry-run"], []):
        again = run(*deploy, "--sample", *options)
        assert again.exit_code == 1
        assert again.stdout == ""
        assert "crm.customer" in again.stderr
    assert session.execute(count).fetchone() == before


def test_deploy_sample_beside_a_single_row_is_refused_and_changes_nothing(
    run: Any, database: str, databases: Any, crm: Any
) -> None:
    session = databases.connect(database)
    crm(session)
    session.execute("insert into crm.committee values ('BOARD', 'GOVERNANCE', 'The board')")
    refused = run("deploy", "--dsn", database, "--host", "reference", "--sample")
    assert refused.exit_code == 1
    assert "crm.committee" in refused.stderr
    assert session.execute("select to_regnamespace('engagement')").fetchone() == (None,)


def test_deploy_sample_whose_rule_exists_changes_no_rows(run: Any, deployed: Any) -> None:
    deployed.execute(
        "select engagement.add_rule(p_rule_code => 'CONFERENCE',"
        " p_category_code => 'INVOLVEMENT', p_engagement_type => 'COMMITTEE_PARTICIPATION')"
    )
    counts = (
        "select (select count(*) from crm.customer), (select count(*) from engagement.score_rule),"
        " engagement.get_parameter('MULTIPLE_CONCURRENT_EMPLOYERS')"
    )
    before = deployed.execute(counts).fetchone()
    refused = run("deploy", "--dsn", deployed.info.dsn, "--host", "reference", "--sample")
    assert refused.exit_code == 1
    assert "EG010" in refused.stderr
    assert deployed.execute(counts).fetchone() == before


@pytest.mark.parametrize("options", [[], ["--host", "tryton"]])
def test_deploy_sample_without_its_host_is_wrong_usage(
    run: Any, database: str, options: list[str]
) -> None:
    assert run("deploy", "--dsn", database, "--sample", *options).exit_code == 2
