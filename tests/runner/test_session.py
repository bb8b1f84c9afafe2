"""What every command's session shares."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from engagement_runner.deploy.lock import deploy_lock
from engagement_runner.errors import describe
from engagement_runner.session import interruptible

Connection = psycopg.Connection[Any]


def test_interrupt_that_leaves_a_query_running_is_still_an_interrupt(deployed: Connection) -> None:
    """Just after a query was sent: the lock cannot be given back on a busy connection."""
    with (
        pytest.raises(KeyboardInterrupt),
        interruptible(),
        deploy_lock(deployed, lambda line: None),
    ):
        deployed.pgconn.send_query(b"select pg_sleep(60)")
        raise KeyboardInterrupt


def test_error_without_an_interrupt_stays_what_it_is(deployed: Connection) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero), interruptible(), deployed.transaction():
        deployed.execute("select 1 / 0")


def test_error_of_a_role_without_rights_on_the_package_says_which_role_has_them() -> None:
    denied = psycopg.errors.InsufficientPrivilege
    assert "engagement_staff" in describe(denied("permission denied for schema engagement"))
    assert "engagement_staff" not in describe(denied("permission denied for schema crm"))
