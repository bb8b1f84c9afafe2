"""The command that tells a monitoring system how the engine is doing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType

import click
import psycopg
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from engagement_runner import queries, show
from engagement_runner.connection import connect, dsn_option
from engagement_runner.errors import EngagementError, command_errors, describe, not_deployed
from engagement_runner.session import option

PATIENCE = 4
"""Seconds to wait for a connection, and for an answer, while somebody waits for the metrics."""


class Metrics(Collector):
    """What the query ``metrics`` says, read anew each time that somebody asks.

    With *is_lenient* a server that cannot be asked is the metric ``engagement_up`` 0. Without it
    that is an error: psycopg.Error or EngagementError.
    """

    def __init__(self, dsn: str | None, is_lenient: bool) -> None:
        """Remember where to ask; nothing is asked yet."""
        self.dsn, self.is_lenient = dsn, is_lenient
        self._trouble = ""
        self._asking = threading.Lock()

    def describe(self) -> list[GaugeMetricFamily]:
        """Return nothing, so that registering asks nothing."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask, in a session of its own, and yield a gauge for each metric."""
        found: list[dict[str, object]] = []
        trouble = ""
        try:
            with self._asking:  # one at a time, however many ask
                found = self._asked()
        except (psycopg.Error, EngagementError) as error:
            if not self.is_lenient:
                raise
            trouble = describe(error) if isinstance(error, psycopg.Error) else str(error)
        if trouble != self._trouble:
            show.say(f"warning: {trouble}" if trouble else "the database answers again")
            self._trouble = trouble
        yield GaugeMetricFamily(
            "engagement_up", "1: the database answered; 0: it did not.", value=float(not trouble)
        )
        for metric in found:
            yield GaugeMetricFamily(
                str(metric["name"]), str(metric["help"]), value=float(str(metric["value"]))
            )

    def _asked(self) -> list[dict[str, object]]:
        """Return the metrics; a database that does not answer soon is an error."""
        defaults = {"connect_timeout": PATIENCE} if self.is_lenient else None
        with connect(self.dsn, autocommit=True, defaults=defaults) as connection:
            if self.is_lenient:
                queries.value(
                    connection, "set_for_session", name="statement_timeout", value=f"{PATIENCE}s"
                )
            try:
                return queries.rows(connection, "metrics").records
            except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedTable):
                raise not_deployed() from None


def _address(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    """Return host and port of ``--listen``: a callback for Click's options."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter("use HOST:PORT, such as 127.0.0.1:9187", context, parameter)
    return host.strip("[]"), int(port)


@click.command()
@dsn_option
@option(
    "--listen",
    metavar="HOST:PORT",
    callback=_address,
    help="Serve the metrics there by HTTP, until SIGTERM or Ctrl-C.",
)
def metrics(dsn: str | None, listen: tuple[str, int] | None) -> None:
    """Print metrics of the engine as OpenMetrics.

    For the textfile collector of node_exporter: write them to a file in its folder, by a job each
    minute. With --listen, Prometheus fetches them itself; a database that does not answer is the
    metric engagement_up 0.
    """
    with command_errors():
        registry = CollectorRegistry()
        registry.register(Metrics(dsn, is_lenient=listen is not None))
        if listen is None:
            click.echo(generate_latest(registry).decode(), nl=False)  # type: ignore[no-untyped-call]
        else:
            _serve(registry, *listen)


def _serve(registry: CollectorRegistry, host: str, port: int) -> None:
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise EngagementError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    shown = f"[{host}]" if ":" in host else host
    show.say(f"metrics on http://{shown}:{server.server_port}/metrics")
    ended.wait()
    server.shutdown()
    thread.join()
