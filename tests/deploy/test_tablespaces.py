"""Tables and indexes in tablespaces of their own: the documented file groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy, dry_run
from engagement_runner.deploy.removal import undeploy
from engagement_runner.deploy.state import Tablespaces
from engagement_runner.errors import EngagementError

Connection = psycopg.Connection[Any]
SPACES = Tablespaces("slow_disk", "fast_disk")


@pytest.fixture
def session(database: str, databases: Any) -> Iterator[Connection]:
    """Autocommit session in an empty database of a server with two more tablespaces."""
    session = databases.connect(database)
    session.execute("set allow_in_place_tablespaces = on")
    for name in (SPACES.data, SPACES.index):
        session.execute(f"create tablespace {name} location ''")
    try:
        yield session
    finally:
        undeploy(session)
        for name in (SPACES.data, SPACES.index):
            session.execute(f"drop tablespace {name}")


def where(session: Connection, kind: str) -> set[str]:
    """The tablespaces of all tables (r) or indexes (i) of the package."""
    found = session.execute(
        "select distinct coalesce(t.spcname, '') from pg_class c"
        " left join pg_tablespace t on t.oid = c.reltablespace"
        " where c.relnamespace in ('engagement'::regnamespace, 'engagement_meta'::regnamespace)"
        " and c.relkind = %s",
        (kind,),
    )
    return {name for (name,) in found}


def test_deploy_with_tablespaces_puts_tables_and_indexes_there(session: Connection) -> None:
    deploy(session, "reference", tablespaces=SPACES)
    assert where(session, "r") == {SPACES.data}
    assert where(session, "i") == {SPACES.index}
    crm = "select count(*) from pg_class where relnamespace = 'crm'::regnamespace"
    assert session.execute(crm + " and reltablespace <> 0").fetchone() == (0,)
    assert deploy(session).steps == []


def test_deploy_again_makes_new_objects_where_the_old_ones_are(session: Connection) -> None:
    deploy(session, tablespaces=SPACES)
    session.execute("drop index engagement.award_document, engagement.award_customer")
    session.execute("insert into engagement.score_band values ('GOLD', 'Gold', 1, null)")
    deploy(session)
    assert where(session, "i") == {SPACES.index}


def test_deploy_again_with_other_tablespaces_is_refused(session: Connection) -> None:
    deploy(session, tablespaces=SPACES)
    with pytest.raises(EngagementError, match="slow_disk"):
        dry_run(session, tablespaces=Tablespaces("fast_disk", "fast_disk"))
    assert deploy(session, tablespaces=SPACES).steps == []


def test_deploy_into_a_tablespace_that_is_not_there_changes_nothing(session: Connection) -> None:
    for spaces in (Tablespaces("nowhere", "fast_disk"), Tablespaces("slow_disk", "nowhere")):
        with pytest.raises(psycopg.Error) as refused:
            deploy(session, tablespaces=spaces)
        assert refused.value.sqlstate == "22023"
        assert session.execute("select to_regnamespace('engagement_meta')").fetchone() == (None,)
