"""Databases on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from citus.life import Connection
from cluster import Cluster, ClusterDatabases
from engagement_runner.deploy import deploy


@pytest.fixture
def spread(cluster: Cluster) -> Iterator[ClusterDatabases]:
    """Makes databases on all nodes."""
    with ExitStack() as stack:
        yield ClusterDatabases(cluster, stack)


@pytest.fixture
def distributed(spread: ClusterDatabases) -> Connection:
    """A fresh deployment, spread over the cluster."""
    session = spread.connect(spread.create())
    deploy(session, "reference", distribute=True)
    return session
