"""The command that proves scores, of everybody or of a part, at once or piece by piece."""

import random
import shlex
from collections.abc import Sequence
from typing import Any

import click
import psycopg

from engagement_runner import queries, show
from engagement_runner.connection import Connection, dsn_option
from engagement_runner.errors import (
    EXIT_DIFFERENCES,
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EngagementError,
    describe,
)
from engagement_runner.session import format_option, interruptible, option, session

DIFFERENCES = (
    show.Column("check_name", "Check"),
    show.Column("customer_id", "Customer"),
    show.Column("source", "Source"),
    show.Column("source_id", "Key"),
    show.Column("rule_id", "Rule", "number"),
    show.Column("expected", "Expected"),
    show.Column("found", "Found"),
)


#: Checks that find a source or an activity that cannot be read.
UNREAD = {"source cannot be read", "activity cannot be read"}


@click.command()
@dsn_option
@option("--from", "begin", metavar="KEY", help="Only customers with this key or a later one.")
@option("--to", "end", metavar="KEY", help="Only customers with an earlier key.")
@option("--sample", metavar="PERCENT", help="Only this percentage of the customers, such as 1%.")
@option(
    "--seed",
    type=click.IntRange(-(2**31), 2**31 - 1),
    metavar="NUMBER",
    show_default="random",
    help="Chooses the sample: the same number gives the same customers.",
)
@option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Verify in batches of this many customers, in the order of their keys.",
)
@format_option
def verify(
    dsn: str | None,
    begin: str | None,
    end: str | None,
    sample: str | None,
    seed: int | None,
    batch: int | None,
    format: show.Format,
) -> None:
    """Prove the stored scores by recomputing them.

    Recomputes from the source and lists every difference; no difference means proven. Ends with
    exit code 3 if there is a difference, or if a source or an activity cannot be read. Changes that
    wait for the next run are left out and named on stderr; they are no difference. While a whole
    source waits, no totals are compared. If a --batch is interrupted or fails, it prints the
    command that goes on from there.
    """
    if seed is not None and sample is None:
        raise click.UsageError("--seed is for a --sample")
    if sample is not None:
        seed = random.randrange(2**31) if seed is None else seed
        sample = sample.strip().removesuffix("%")
    with session(dsn) as connection:
        found = print_differences(
            connection, format, begin=begin, end=end, sample=sample, seed=seed, batch=batch
        )
        if found:
            again = _command(None, begin, end, sample, seed)
            message, hint = _verdict(found)
            raise EngagementError(
                message,
                hint=hint + (f" The same sample: `{again}`" if sample else ""),
                exit_code=EXIT_DIFFERENCES,
            )


def _verdict(found: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Return what these differences come to, and what mends them."""
    checks = {row["check_name"] for row in found}
    hints = []
    if checks & UNREAD:
        hints.append(
            "What cannot be read is not proven. Correct the host's row or the adapter's view"
            " (`engagement status` names sources without a view), then `engagement recalculate`."
        )
    if not checks - UNREAD:
        return "not everything could be read", hints[0]
    hints.append(
        "`engagement recalculate --mode FULL` repairs the differences."
        " `engagement refresh CUSTOMER` repairs what it leaves."
    )
    return "the stored scores differ from a recomputation", " ".join(hints)


def _command(
    batch: int | None, begin: str | None, end: str | None, sample: str | None, seed: int | None
) -> str:
    """Return the command that verifies a part."""
    options = {"from": begin, "to": end, "sample": sample and f"{sample}%",
               "seed": seed, "batch": batch}  # fmt: skip
    words = ["engagement", "verify"]
    for name, value in options.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    return shlex.join(words)


def print_differences(
    connection: Connection,
    output: show.Format = "table",
    *,
    begin: str | None = None,
    end: str | None = None,
    sample: str | None = None,
    seed: int | None = None,
    batch: int | None = None,
) -> list[dict[str, Any]]:
    """Print what engagement.verify finds, and return the differences.

    What it left out because it waits for a run is told on stderr. In batches, each is a
    transaction of its own.

    Raises:
        psycopg.Error: as engagement.verify does.
        EngagementError: it was interrupted, or failed after the first batch; what was found until
            then is printed, and the exit code is that of a difference when there was one.
    """
    before = queries.rows(connection, "left_out")
    found: dict[str, dict[str, Any]] = {}  # a source that cannot be read is found in each batch
    at, done = begin, 0
    ranges: list[dict[str, Any]] = [{"begin_key": begin, "end_key": end, "customer_count": 0}]
    try:
        with interruptible(), show.RunProgress(logs_at_once=batch is not None) as progress:
            if batch is None:
                progress.update(_progress(0, 0))
            else:
                ranges = queries.rows(
                    connection, "verify_ranges", begin=begin, end=end, size=batch
                ).records
            total = sum(part["customer_count"] for part in ranges)
            for part in ranges:
                at = part["begin_key"]
                if batch is not None:
                    progress.update(_progress(done, total))
                rows = queries.call_rows(
                    connection, "verify", from_=at, to=part["end_key"], sample=sample,
                    seed=seed or 0,
                )  # fmt: skip
                found.update(zip(rows.texts, rows.records, strict=True))
                done += part["customer_count"]
    except (KeyboardInterrupt, psycopg.Error) as error:
        is_interrupted = isinstance(error, KeyboardInterrupt)
        if not is_interrupted and not done:
            raise
        if found:
            _print_found(found, output, [])
        stopped = "interrupted" if isinstance(error, KeyboardInterrupt) else describe(error)
        code = EXIT_INTERRUPTED if is_interrupted else EXIT_ERROR
        raise EngagementError(
            f"{stopped}; {show.count(len(found), 'difference')} found until then",
            hint=f"To go on: `{_command(batch, at, end, sample, seed)}`",
            exit_code=EXIT_DIFFERENCES if found else code,
        ) from None
    # A run may have taken it in meanwhile, and the host may have written.
    left_out = queries.rows(connection, "left_out").records or before.records
    _print_found(found, output, left_out, is_part=not (begin is end is sample is None))
    return list(found.values())


def _progress(done: int, total: int) -> dict[str, Any]:
    return {
        "run_mode": "VERIFY",
        "phase": "comparing customers",
        "done_count": done,
        "total_count": total,
    }


def _print_found(
    found: dict[str, dict[str, Any]],
    output: show.Format,
    left_out: Sequence[dict[str, Any]],
    is_part: bool = False,
) -> None:
    scores = "these stored scores" if is_part else "the stored scores"
    show.listing(
        queries.Rows(list(found), list(found.values())),
        DIFFERENCES,
        output,
        empty="No difference in what could be compared."
        if left_out
        else f"Proven: {scores} equal a recomputation from the source.",
    )
    if left_out:
        parts = "; ".join(_left_out_part(part) for part in left_out)
        proven = "differences" if found else "proven"
        show.say(f"{proven} except: {parts} (queued; `engagement recalculate` takes them in)")


def _left_out_part(part: dict[str, Any]) -> str:
    """Return one part of what was left out, with some of its keys."""
    if part["key_count"] is None:
        return str(part["what"])
    keys = ", ".join(part["some_keys"])
    more = ", …" if part["key_count"] > len(part["some_keys"]) else ""
    return f"{part['key_count']:,} of {part['what']} ({keys}{more})"
