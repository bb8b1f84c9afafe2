"""The command that writes pages for staff and managers."""

from __future__ import annotations

import random
import re
import stat
import tempfile
from pathlib import Path

import click

from engagement_runner import completion, queries, show
from engagement_runner.connection import Connection, dsn_option
from engagement_runner.errors import EXIT_DIFFERENCES, EXIT_INTERRUPTED, EngagementError
from engagement_runner.session import interruptible, option, session, snapshot


@click.command()
@dsn_option
@option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    required=True,
    help="The file to write; - for stdout.",
)
@option("--customer", metavar="CUSTOMER", help="Write the card of this customer instead.")
@option("--title", default="Engagement", help="Heading of the page about everybody.")
@option(
    "--weeks",
    type=click.IntRange(1, 5200),
    metavar="WEEKS",
    default=8,
    help="Weeks to look ahead for customers at risk.",
)
@option(
    "--category",
    metavar="CODE",
    show_default="the total",
    shell_complete=completion.categories,
    help="Write the page about everybody by the points of this category.",
)
@option(
    "--rows",
    type=click.IntRange(1, 1000),
    metavar="NUMBER",
    default=25,
    help="Rows of its longest tables, at most.",
)
@option(
    "--verify",
    metavar="[all|none|PERCENT]",
    default="all",
    callback=lambda _context, _parameter, value: _part(value),
    help="Part of the customers whose scores are recomputed first, such as 1%.",
)
def report(
    dsn: str | None,
    out: Path,
    customer: str | None,
    title: str,
    weeks: int,
    category: str | None,
    rows: int,
    verify: str,
) -> None:
    """Write a page for people: one HTML file that loads nothing.

    How engagement moved over the last year, how scores are distributed, who rose, fell or is at
    risk, what earns the points, and the companies; or, with --customer, one customer's card. All
    of it is of one instant. Ends with exit code 3, the page written, when verifying found a
    difference.
    """
    # Charts and locales take a while to load, and only this command needs them.
    from engagement_runner.report.pages import Pages

    found = 0
    with session(dsn) as connection:
        try:
            with interruptible(), show.RunProgress(logs_at_once=False) as progress:
                with snapshot(connection):
                    code = category and category.upper()
                    queries.call_value(connection, "check_category", category_code=code)
                    pages = Pages(connection, rows, progress.update, code)
                    if customer is not None:
                        page = pages.customer(customer)
                    else:
                        progress.update({"run_mode": "REPORT", "phase": "verifying",
                                         "done_count": 0, "total_count": 0})  # fmt: skip
                        found, verification, is_proven = _verified(connection, verify)
                        page = pages.overview(title, weeks, verification, is_proven)
                write(out, page)
        except KeyboardInterrupt:
            raise EngagementError(
                "interrupted; nothing was written", exit_code=EXIT_INTERRUPTED
            ) from None
        if found:
            raise EngagementError(
                "the stored scores differ from a recomputation; the page says so",
                hint="`engagement verify` lists the differences, "
                "`engagement recalculate --mode FULL` repairs them.",
                exit_code=EXIT_DIFFERENCES,
            )


def _part(text: str) -> str:
    """Return which part of the customers to verify: all, none, or a percentage as a number."""
    part = text.strip().removesuffix("%").strip().lower()
    if part not in ("all", "none") and not re.fullmatch(r"\d{1,3}(\.\d+)?", part):
        raise click.BadParameter(f"{text!r} is not all, none, or a percentage such as 1%.")
    return part


def _verified(connection: Connection, part: str) -> tuple[int, str, bool | None]:
    """Verify *part* of the customers: how many differences, in words, and whether it is proven."""
    if part == "none":
        return 0, "Not verified for this page.", None
    if not queries.value(connection, "may_verify"):
        return 0, "Not verified: the role that wrote this page may not verify scores.", None
    sample = None if part == "all" else part
    rows = queries.call_rows(connection, "verify", sample=sample, seed=random.randrange(2**31))
    whose = "all scores" if sample is None else f"the scores of {sample} % of the customers"
    if rows:
        return len(rows), f"Verifying {whose} found {show.count(len(rows), 'difference')}.", False
    left_out = queries.rows(connection, "left_out").records
    wholes = [row["what"] for row in left_out if row["key_count"] is None]
    if wholes:
        waiting = ", ".join(wholes)
        return 0, f"Not verified: {waiting} must be compared by the next run first.", None
    waiting = ", but for what is still queued" if left_out else ""
    return 0, f"Verified: {whose} equal a recomputation from the source{waiting}.", True


def write(out: Path, page: str) -> None:
    """Write *page* to a file, whole or not at all; to stdout for ``-``.

    An earlier file keeps its permissions, a new one is for its owner alone: it tells of people.
    What is no file, such as a pipe, is written to as it is. Raises EngagementError where it cannot
    be written; an earlier file stays then.
    """
    try:
        if str(out) == "-":
            click.echo(page, nl=False)
            return
        target = out.resolve()  # a link stays, and what it leads to is written
        if target.exists() and not target.is_file():
            target.write_text(page, encoding="utf-8")
        else:
            _replace(target, page)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise EngagementError(
            f"cannot write {out}: {error.strerror}",
            hint="Check that the folder exists and has room.",
        ) from None
    show.say(f"Written: {out}", "green")


def _replace(target: Path, page: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as file:
        written = Path(file.name)
        try:
            file.write(page)
            file.close()
            if target.exists():
                written.chmod(stat.S_IMODE(target.stat().st_mode))
            written.replace(target)
        except BaseException:
            written.unlink()
            raise
