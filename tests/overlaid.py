"""The routines of a cluster on one machine: what they compute is the same there.

The overlays of procedures/cluster/ are plain SQL, so a PostgreSQL without Citus can run them. Only
Citus' own functions are missing, and one of them is called when routines are generated.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from engagement_runner import files
from engagement_runner.deploy.apply import apply_overlays
from engagement_runner.deploy.plan import Plan
from engagement_runner.deploy.state import read_state
from engagement_runner.deploy.steps import overlay_steps

#: Says that the nodes of a cluster have a function.
_STAND_IN = """
create function pg_catalog.create_distributed_function(regprocedure) returns void
language sql as 'select'
"""

_SETTING = "citus.propagate_set_commands"


def put_overlays(session: psycopg.Connection[Any]) -> None:
    """Do to a fresh deployment what ``deploy --distribute`` does after it has moved the tables."""
    session.execute(_STAND_IN)
    database = sql.Identifier(session.info.dbname)
    for scope in (sql.SQL("alter database {}").format(database), sql.SQL("")):
        session.execute(scope + sql.SQL(f" set {_SETTING} = 'none'"))
    key_type = read_state(session).key_type
    assert key_type
    plan = Plan(key_type, overlays=overlay_steps(files.root()))
    with session.transaction():
        apply_overlays(session, plan, files.root(), lambda line: None, "public")
    session.execute("reset search_path")
