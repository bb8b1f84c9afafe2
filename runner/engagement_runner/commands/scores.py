"""Commands that make, show and explain scores."""

from concurrent.futures import ThreadPoolExecutor, wait

import click

from engagement_runner import queries, show
from engagement_runner.connection import Connection, connect, dsn_option
from engagement_runner.errors import EXIT_INTERRUPTED, EngagementError
from engagement_runner.session import (
    as_of_option,
    cancel_running,
    format_option,
    interruptible,
    option,
    session,
    warn_of_failures,
)

POLL_SECONDS = 0.25
"""Pause between two looks at the progress of a run, in seconds."""

RUNS = tuple(
    show.Column(key, key)
    for key in (
        "run_id", "run_mode", "as_of", "run_status", "started_at", "finished_at", "award_count",
        "void_count", "score_count", "failure_count", "failed_sources", "seconds",
    )
)  # fmt: skip
"""Columns of ``recalculate --format csv``."""

STORED = tuple(show.Column(key, key) for key in ("customer_id", "score", "calculated_at"))
"""Columns of ``refresh --format csv``."""

CHANGES = (
    show.Column("cause", "Cause"),
    show.Column("points", "Points", "number"),
    show.Column("award_count", "Awards", "number"),
    show.Column("customer_count", "Customers", "number"),
)


@click.command()
@dsn_option
@option(
    "--mode",
    type=click.Choice(["INCREMENTAL", "FULL"], case_sensitive=False),
    metavar="[INCREMENTAL|FULL]",
    default="INCREMENTAL",
    help="INCREMENTAL: what changed or aged. FULL: also compare and repair everything.",
)
@option("--customer", metavar="CUSTOMER", show_default="everybody", help="Only this customer.")
@as_of_option
@format_option
def recalculate(
    dsn: str | None, mode: str, customer: str | None, as_of: str | None, format: show.Format
) -> None:
    """Recalculate scores: the weekly job.

    Ends with exit code 1 if a source could not be read. The other sources are scored.
    Progress goes to stderr. Ctrl-C cancels; what was finished stays, and the next run resumes.
    """
    with session(dsn) as connection:
        run_recalculation(connection, dsn, mode, customer, as_of, format)
        warn_of_failures(connection)


def run_recalculation(
    connection: Connection,
    dsn: str | None,
    mode: str,
    customer: str | None = None,
    as_of: str | None = None,
    output: show.Format = "table",
) -> None:
    """Run engagement.recalculate on *connection*, show its progress, print what it did.

    A second connection to *dsn* watches the run. Raises psycopg.Error as the procedure does,
    EngagementError when a source could not be read, and EngagementError with exit code 130 when
    it is interrupted (SIGINT or SIGTERM).
    """
    since = queries.value(connection, "clock")
    pid = connection.info.backend_pid
    try:
        with (
            interruptible(),
            ThreadPoolExecutor(1) as worker,
            connect(dsn, autocommit=True) as watcher,
            show.RunProgress() as progress,
        ):
            run = worker.submit(
                queries.call, connection, "recalculate", mode=mode,
                customer_id=queries.Customer(customer), as_of=as_of,
            )  # fmt: skip
            try:
                while not wait([run], timeout=POLL_SECONDS).done:
                    progress.update(queries.record(watcher, "run_progress", backend_pid=pid))
            except BaseException:
                cancel_running(connection, run)
                raise
        run.result()
    except KeyboardInterrupt:
        raise EngagementError(
            "interrupted; what was finished stays",
            hint="The next run resumes where this one stopped.",
            exit_code=EXIT_INTERRUPTED,
        ) from None
    _print_result(connection, pid, since, customer, output)


def _print_result(
    connection: Connection, pid: int, since: str, customer: str | None, output: show.Format
) -> None:
    found = queries.rows(connection, "run_result", backend_pid=pid, since=since)
    if output != "table" and customer is None:
        show.listing(found, RUNS, output, empty="")
    for run in found.records if output == "table" else ():
        show.result(
            f"{run['run_mode']} run {run['run_id']}, as of {show.instant(run['as_of'])}, "
            f"done in {run['seconds']} s:"
        )
        show.result(
            f"  {show.count(run['award_count'], 'award')} made, {run['void_count']:,} voided, "
            f"{show.count(run['score_count'], 'score')} written, "
            f"{show.count(run['failure_count'], 'failure')}"
        )
    if customer is not None:
        _print_stored_score(connection, customer, output)
    elif not found and output == "table":
        show.result("Nothing was recalculated.")
    failed = sorted({source for run in found.records for source in run["failed_sources"]})
    if failed:
        raise EngagementError(
            f"sources that could not be read, their scores are not up to date: {', '.join(failed)}",
            hint="engagement.scoring_failure says why. `engagement check` says how to repair it. "
            "Then: `engagement recalculate`.",
        )


def _print_stored_score(connection: Connection, customer: str, output: show.Format) -> None:
    found = queries.rows(connection, "stored_score", customer=customer)
    if output != "table":
        show.listing(found, STORED, output, empty="")
        return
    for row in found.records:
        show.result(
            f"Customer {customer}: score {show.number(row['score'])}, "
            f"calculated {show.instant(row['calculated_at'])}"
        )


@click.command()
@dsn_option
@click.argument("customer")
@format_option
def refresh(dsn: str | None, customer: str, format: show.Format) -> None:
    """Bring the score of CUSTOMER up to date now."""
    with session(dsn) as connection:
        queries.call(connection, "refresh_customer", customer_id=queries.Customer(customer))
        _print_stored_score(connection, customer, format)
        warn_of_failures(connection)


@click.command()
@dsn_option
@click.argument("customer")
@as_of_option
@format_option
def score(dsn: str | None, customer: str, as_of: str | None, format: show.Format) -> None:
    """Show the score card of CUSTOMER.

    The score, what it is made of by category and rule, and its trend over twelve months.
    """
    with session(dsn) as connection:
        print_card(connection, customer, as_of, format)


def print_card(
    connection: Connection, customer: str, as_of: str | None = None, output: show.Format = "table"
) -> None:
    """Print the score card of a customer on stdout. Raises psycopg.Error."""
    text = queries.call_json(
        connection, "score_card", customer_id=queries.Customer(customer), as_of=as_of
    )
    if output != "table":
        show.card_data(text, output)
        return
    card = queries.loads(text)
    lead = queries.record(connection, "card_lead", customer=customer, as_of=as_of) or {}
    if card["customer_type"] == "COMPANY":
        card["trend"] = queries.rows(
            connection,
            "company_trend",
            customer=customer,
            instants=[month["at"] for month in card["trend"]],
        ).records
    if as_of is not None:
        # These are stored ones, of the last calculation.
        card |= {"band_code": None, "percentile": None, "previous_score": None}
    show.card(card, lead)


@click.command()
@dsn_option
@click.argument("customer")
@as_of_option
@option(
    "--known-at",
    metavar="INSTANT",
    show_default="what is on record now",
    help="Answer from what was on record at this instant.",
)
@format_option
def explain(
    dsn: str | None, customer: str, as_of: str | None, known_at: str | None, format: show.Format
) -> None:
    """List the awards that count for CUSTOMER: its own points.

    Each award has its rule, the activity, the arithmetic of the points, and how long they count.
    """
    with session(dsn) as connection:
        print_explanation(connection, customer, as_of, known_at, format)


def print_explanation(
    connection: Connection,
    customer: str,
    as_of: str | None = None,
    known_at: str | None = None,
    output: show.Format = "table",
) -> None:
    """Print a customer's counting awards on stdout. Raises psycopg.Error."""
    with connection.transaction():
        # One transaction, so that now() is the same instant for the awards and their total.
        arguments = {
            "customer_id": queries.Customer(customer), "as_of": as_of, "known_at": known_at
        }  # fmt: skip
        rows = queries.call_rows(connection, "explain_score", **arguments)
        total = queries.call_value(connection, "score_at", **arguments)
    show.awards(rows, total, output)


@click.command("explain-change")
@dsn_option
@click.argument("customer", required=False)
@option("--from", "begin", metavar="INSTANT", help="Beginning; for a CUSTOMER.")
@option("--to", "end", metavar="INSTANT", show_default="now", help="End.")
@format_option
def explain_change(
    dsn: str | None, customer: str | None, begin: str | None, end: str | None, format: show.Format
) -> None:
    """List why the score of CUSTOMER has changed: its own points.

    The score at --from as staff saw it then, what has changed since and why, and the score at
    --to. Without CUSTOMER, it is about everybody: the last RAISED_RECENTLY_DAYS days before the
    last recalculation.
    """
    if customer is None and (begin is not None or end is not None):
        raise click.UsageError("--from and --to are for one CUSTOMER")
    if customer is not None and begin is None:
        raise click.UsageError("Missing option '--from'.")
    with session(dsn) as connection:
        if customer is None:
            rows = queries.rows(connection, "score_change")
            show.listing(rows, CHANGES, format, empty="No score has changed lately.")
        else:
            text = queries.value(
                connection, "explain_change", customer=customer, begin=begin, end=end
            )
            show.causes(text, format)
