"""Engagement scoring for a program: a scheduler, a worker, a host's own code.

    from engagement_runner import Engagement

    with Engagement("postgresql://crm@localhost/crm") as engagement:
        engagement.recalculate()
        card = engagement.score_card(769)
        for event in engagement.events():
            send_mail(event)

Every method calls a routine of the database, as the commands do. What the database refuses is a
psycopg.Error whose ``sqlstate`` docs/errors.md explains; what cannot be done otherwise is an
:class:`EngagementError`.
"""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal, TypeVar

import psycopg

from engagement_runner import deploy, queries
from engagement_runner.connection import Connection, connect
from engagement_runner.errors import EngagementError

__all__ = ["Engagement", "EngagementError", "Event", "Run"]

_Record = TypeVar("_Record", "Event", "Run")


@dataclass(frozen=True)
class Event:
    """A customer has moved to another band: a row of engagement.score_event.

    Attributes:
        event_id: names the event; it comes again with the same one.
        customer_id: the customer, as text.
        event_type: BAND_UP or BAND_DOWN.
        from_band: the band before, or None.
        to_band: the band now, or None.
        score: the score now, or the points of the category.
        percentile: the percentile now, or None where nobody is ranked.
        occurred_at: the instant that the score was computed for.
        created_at: when the event was written.
        category_code: the category whose band it is; None is the total's.
    """

    event_id: uuid.UUID
    customer_id: str
    event_type: str
    from_band: str | None
    to_band: str | None
    score: Decimal
    percentile: int | None
    occurred_at: dt.datetime
    created_at: dt.datetime
    category_code: str | None


@dataclass(frozen=True)
class Run:
    """A run that has ended: a row of engagement.recalculation_run.

    Attributes:
        run_id: its number.
        run_mode: INCREMENTAL or FULL.
        as_of: the instant that it scored for.
        started_at: when it began, or was resumed.
        finished_at: when it ended.
        award_count: awards that it made.
        void_count: awards that it voided.
        score_count: scores that it wrote.
        failure_count: failures that it recorded.
    """

    run_id: int
    run_mode: str
    as_of: dt.datetime
    started_at: dt.datetime
    finished_at: dt.datetime
    award_count: int
    void_count: int
    score_count: int
    failure_count: int


class Engagement:
    """Engagement scoring in one database.

    It connects when it is first used, and stays connected until :meth:`close` or the end of a
    ``with``. Each call is a transaction of its own; :meth:`recalculate` commits many times. One
    object is for one thread at a time. An instant without a zone is one of the organisation's
    (TIME_ZONE).

    Args:
        dsn: connection string or URL; None is the environment's ENGAGEMENT_DSN or DATABASE_URL,
            else libpq's variables (PGHOST, …).
    """

    def __init__(self, dsn: str | None = None) -> None:
        self._dsn = dsn
        self._connection: Connection | None = None

    def __enter__(self) -> Engagement:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, if there is one. A later call connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _session(self) -> Connection:
        if self._connection is None or self._connection.closed:
            dsn = self._dsn or os.environ.get("ENGAGEMENT_DSN") or os.environ.get("DATABASE_URL")
            self._connection = connect(dsn)
            # Where nothing is deployed there is no organisation's time zone yet.
            with suppress(psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
                queries.value(self._connection, "use_time_zone")
        return self._connection

    def deploy(
        self, host: str | os.PathLike[str] | None = None, *, roles: bool = False
    ) -> list[str]:
        """Bring the database to the state of this package, and return the steps taken.

        Args:
            host: name of an adapter that comes with the package, or path of one; None keeps what
                is deployed.
            roles: whether to make the roles and grant them their rights.

        Raises:
            EngagementError: the package cannot be deployed there; nothing is changed.
        """
        adapter = None if host is None else os.fspath(host)
        return deploy.deploy(self._session, adapter, roles=roles).lines

    def recalculate(
        self,
        mode: Literal["INCREMENTAL", "FULL"] = "INCREMENTAL",
        as_of: dt.datetime | None = None,
    ) -> list[Run]:
        """Recalculate everybody: the weekly job. Return what ran: also a run that it resumed.

        Raises:
            psycopg.Error: EG009 where another run is under way, EG006 without a host.
            EngagementError: a source could not be read; the other sources are scored.
        """
        since = queries.value(self._session, "clock")
        queries.call(self._session, "recalculate", mode=mode, as_of=as_of)
        records = queries.rows(
            self._session,
            "run_result",
            backend_pid=self._session.info.backend_pid,
            since=since,
        ).records
        failed = sorted({source for run in records for source in run["failed_sources"]})
        if failed:
            raise EngagementError(
                f"sources that could not be read: {', '.join(failed)}",
                hint="engagement.scoring_failure says why.",
            )
        return [_typed(Run, record) for record in records]

    def refresh(self, customer_id: object) -> None:
        """Bring one customer up to date. Raises psycopg.Error: EG001 for an unknown customer."""
        queries.call(
            self._session, "refresh_customer", customer_id=queries.Customer(str(customer_id))
        )

    def score_card(self, customer_id: object, as_of: dt.datetime | None = None) -> dict[str, Any]:
        """Return what a customer's screen shows; docs/score-card.schema.json describes it.

        Numbers with a fraction are Decimals. Raises psycopg.Error: EG001 for an unknown customer.
        """
        text = queries.call_json(
            self._session,
            "score_card",
            customer_id=queries.Customer(str(customer_id)),
            as_of=as_of,
        )
        card: dict[str, Any] = queries.loads(text)
        return card

    def events(self, limit: int = 100, minutes: int = 10) -> Iterator[Event]:
        """Hand over the events of the outbox, each at least once.

        An event leaves the outbox when the next one is asked for, so the work on it is done by
        then. If the work fails or the program dies, the event and what was given out with it come
        again after *minutes*. No other consumer gets them meanwhile.

        Args:
            limit: how many to give out at a time.
            minutes: how long the work on so many may take.

        Raises:
            psycopg.Error: EG004 for a limit or minutes out of range.
        """
        while held := queries.call_rows(
            self._session, "hold_events", limit=limit, minutes=minutes
        ).records:
            for record in held:
                event = _typed(Event, record)
                yield event
                queries.call_value(self._session, "acknowledge_events", event_ids=[event.event_id])

    def take_events(self, limit: int = 100) -> list[Event]:
        """Take events off the outbox at once, oldest first: each at most once.

        Raises psycopg.Error: EG004 for a limit below 1.
        """
        return [
            _typed(Event, record)
            for record in queries.call_rows(self._session, "take_events", limit=limit).records
        ]


def _typed(kind: type[_Record], record: dict[str, Any]) -> _Record:
    """Return a record with the types of *kind*; PostgreSQL wrote it as JSON."""
    values: dict[str, Any] = {name: record[name] for name in kind.__dataclass_fields__}
    for name, value in values.items():
        if name.endswith("_at") or name == "as_of":
            values[name] = dt.datetime.fromisoformat(value)
        elif name == "event_id":
            values[name] = uuid.UUID(value)
        elif name == "customer_id":
            values[name] = str(value)
        elif name == "score":
            values[name] = Decimal(str(value))
    return kind(**values)
