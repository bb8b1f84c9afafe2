"""Fixtures of these tests: several sessions in one database. See scoring/fixtures.py too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest

from scoring.fixtures import _shared_database, host  # noqa: F401
from scoring.host import Host


@pytest.fixture
def another(
    host: Host,  # noqa: F811
    second_session: Callable[..., psycopg.Connection[Any]],
) -> Callable[[], Host]:
    """``another()``: the same host in another session."""
    return lambda: Host(second_session(host.session, prepare_threshold=None))


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Any]]]:
    """``background(function, *arguments)``: start it in another thread."""
    with ThreadPoolExecutor(16) as pool:
        yield pool.submit


@pytest.fixture
def held_up(
    another: Callable[[], Host],
    background: Callable[..., Future[Any]],
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
) -> Callable[..., AbstractContextManager[tuple[Host, Future[Any]]]]:
    """``with held_up(lock, call) as (session, future)``: the call waits for the lock in the block.

    The lock is released at the end of the block; the call goes on then, if it is still there.
    """

    @contextmanager
    def hold_up(lock: str, call: str) -> Iterator[tuple[Host, Future[Any]]]:
        holder, runner = another(), another()
        with holder.session.transaction():
            holder.run(lock)
            future = background(runner.run, call)
            wait_until_blocked(runner.session)
            yield runner, future

    return hold_up
