"""Sessions that pause where a test has put something in their way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from scoring.host import Host

Background = Callable[..., Future[Any]]

PAUSE = "perform pg_advisory_lock_shared(77); perform pg_advisory_unlock_shared(77);"


@contextmanager
def pause(host: Host, session: Host) -> Iterator[None]:
    """Inside the block the session waits at each PAUSE that a test has put in its way."""
    session.run("set application_name = 'pausing'")
    host.rows("select pg_advisory_lock(77)")
    try:
        yield
    finally:
        host.rows("select pg_advisory_unlock(77)")


def pausing(then: str) -> str:
    """Body of a routine that pauses in the sessions that are to pause."""
    when = "current_setting('application_name') = 'pausing'"
    return (
        "language plpgsql set lock_timeout = 0"
        f" as $$ begin if {when} then {PAUSE} end if; {then}; end $$"
    )


@contextmanager
def paused_at(
    host: Host, runner: Host, when: str, call: str, background: Background, wait: Any
) -> Iterator[Future[Any]]:
    """In the block a run of that session pauses before it does something, e.g. "update on award".

    It goes on at the end of the block, if it is still there.
    """
    host.run(f"create function crm.pause() returns trigger {pausing('return new')}")
    host.run(f"create trigger pause before {when} execute function crm.pause()")
    with pause(host, runner):
        run = background(runner.run, call)
        wait(runner.session)
        yield run
