"""Databases spread over a Citus cluster that somebody has set up, named by CITUS_DSN.

The connection string leads to any database of the coordinator that has the extension and knows its
workers. Every database that a test asks for is made on all nodes, and dropped on all of them.
"""

from __future__ import annotations

import itertools
import os
import time
from contextlib import ExitStack
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_numbers = itertools.count(1)

#: Enough shards that rows of one test lie on both sides, few enough that a clone is made quickly.
SHARD_COUNT = 4


class Cluster:
    """The nodes of a cluster; the coordinator is the first."""

    def __init__(self, dsn: str) -> None:
        given = conninfo_to_dict(dsn)
        with psycopg.connect(dsn, autocommit=True) as session:
            workers = session.execute(
                "select nodename, nodeport from pg_catalog.pg_dist_node"
                " where isactive and noderole = 'primary' and groupid <> 0 order by groupid"
            ).fetchall()
            self.version = session.execute(
                "select extversion from pg_extension where extname = 'citus'"
            ).fetchone()
        self.dsn = dsn
        self.host, self.port = given.get("host", "localhost"), int(given.get("port", 5432))
        self.workers: list[tuple[str, int]] = [(str(name), int(port)) for name, port in workers]

    def on(self, node: tuple[str, int], dbname: str) -> str:
        """Connection string of a database on a node."""
        return make_conninfo(self.dsn, host=node[0], port=node[1], dbname=dbname)

    @property
    def nodes(self) -> list[tuple[str, int]]:
        """Host and port of every node, the coordinator's first."""
        return [(self.host, self.port), *self.workers]


class ClusterDatabases:
    """Makes databases on all nodes of a cluster, empty or cloned, and drops them at the end."""

    def __init__(self, cluster: Cluster, stack: ExitStack) -> None:
        self._cluster = cluster
        self._stack = stack

    def create(self, template: str | None = None) -> str:
        """Return the coordinator's connection string of a new database, its nodes added."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self._stack.callback(self._drop, name)
        for node in self._cluster.nodes:
            with psycopg.connect(self._cluster.on(node, "postgres"), autocommit=True) as session:
                _create(session, name, template)
        coordinator = self._cluster.on(self._cluster.nodes[0], name)
        if template is None:
            for node in self._cluster.nodes:
                with psycopg.connect(self._cluster.on(node, name), autocommit=True) as session:
                    session.execute("create extension citus")
            with psycopg.connect(coordinator, autocommit=True) as session:
                session.execute(
                    "select citus_set_coordinator_host(%s, %s)",
                    (self._cluster.host, self._cluster.port),
                )
                for worker in self._cluster.workers:
                    session.execute("select citus_add_node(%s, %s)", worker)
        return coordinator

    def connect(self, dsn: str, **options: Any) -> psycopg.Connection[Any]:
        """Open a session in autocommit mode; it is closed at the end."""
        session: psycopg.Connection[Any] = psycopg.connect(dsn, **{"autocommit": True, **options})
        self._stack.callback(session.close)
        return session

    def _drop(self, name: str) -> None:
        statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        for node in self._cluster.nodes:
            with psycopg.connect(self._cluster.on(node, "postgres"), autocommit=True) as session:
                session.execute(statement)


def _create(session: psycopg.Connection[Any], name: str, template: str | None) -> None:
    """Create a database; a template is cleared of the cluster's own background sessions first."""
    statement = sql.SQL("create database {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
    for attempt in itertools.count(1):
        if template is not None:
            session.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                (template,),
            )
        try:
            session.execute(statement)
        except psycopg.errors.ObjectInUse:
            if attempt == 100:
                raise
            time.sleep(0.05)
        else:
            return
