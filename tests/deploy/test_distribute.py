"""`--distribute` on one machine: refused, with a way out, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy
from engagement_runner.deploy.state import read_state
from engagement_runner.errors import EngagementError

Connection = psycopg.Connection[Any]


def test_deploy_distribute_without_a_cluster_is_refused_before_anything_is_done(
    databases: Any,
) -> None:
    session = databases.connect(databases.create())
    with pytest.raises(EngagementError) as error:
        deploy(session, "reference", distribute=True)
    assert "no Citus" in str(error.value)
    assert "without --distribute" in str(error.value.hint)
    assert read_state(session).files == {}


def test_distribute_without_a_cluster_is_refused(deployed: Connection) -> None:
    with pytest.raises(psycopg.Error) as error:
        deployed.execute("call engagement.distribute()")
    assert error.value.sqlstate == "EG014"
    assert "citus_add_node" in str(error.value.diag.message_hint)
    assert deployed.execute("select engagement.is_distributed()").fetchone() == (False,)


def test_command_says_what_distribute_needs(
    databases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from click.testing import CliRunner

    from engagement_runner.cli import main

    monkeypatch.setenv("ENGAGEMENT_DSN", databases.create())
    result = CliRunner().invoke(main, ["deploy", "--host", "reference", "--distribute"])
    assert result.exit_code == 1
    assert "needs a Citus cluster" in result.output


def test_scores_are_locked_and_returned(
    deployed: Connection, second_session: Callable[..., Connection]
) -> None:
    deployed.execute(
        "insert into crm.customer (customer_type, display_name)"
        " values ('INDIVIDUAL', 'A'), ('INDIVIDUAL', 'B')"
    )
    deployed.execute("call engagement.recalculate()")
    with deployed.transaction():
        found = deployed.execute("select engagement.lock_scores('{2,1,99}')::bigint[]").fetchone()
        assert found == ([1, 2],)
        other = second_session(deployed)
        locked = "select customer_id from engagement.customer_score for update skip locked"
        assert other.execute(locked).fetchall() == []
