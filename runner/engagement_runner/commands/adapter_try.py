"""The command that scores everybody by an adapter on trial."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import click

from engagement_runner import completion, show
from engagement_runner.connection import dsn_option
from engagement_runner.deploy.plan import KEY_TYPES
from engagement_runner.deploy.trial import AdapterError, Remark
from engagement_runner.deploy.trial_scores import TrialScores, score
from engagement_runner.errors import EXIT_DIFFERENCES, EXIT_ERROR, command_errors
from engagement_runner.session import as_of_option, format_option, option, trial

SCORES = (
    show.Column("customer_type", "Customers", no_wrap=True),
    show.Column("customer_count", "Number", "number"),
    show.Column("scored_count", "With points", "number"),
    show.Column("least", "Lowest", "number", is_wide=True),
    show.Column("median", "Half up to", "number"),
    show.Column("ninth_decile", "90 % up to", "number", is_wide=True),
    show.Column("highest", "Highest", "number"),
)

HIGHEST = (
    show.Column("score", "Score", "number"),
    show.Column("customer", "Customer"),
    show.Column("parts", "By category", is_wide=True),
    show.Column("reasons", "Most points for (awards)"),
)

RULES = (
    show.Column("rule_code", "Rule", no_wrap=True),
    show.Column("description", "Description", is_wide=True),
    show.Column("award_count", "Awards", "number"),
    show.Column("customer_count", "Customers", "number", is_wide=True),
    show.Column("points", "Points", "number"),
    show.Column("remark", "Remark"),
)

FAILURES = (
    show.Column("source", "Source", no_wrap=True),
    show.Column("source_id", "Activity"),
    show.Column("sqlstate_code", "SQLSTATE", no_wrap=True),
    show.Column("message", "Why"),
)


@click.command("try")
@dsn_option
@click.argument("file", metavar="NAME|FILE.sql", shell_complete=completion.hosts)
@option(
    "--rules",
    metavar="FILE.toml|starter",
    show_default="those of the database, else starter",
    shell_complete=completion.rule_files,
    help="Rules to score by, alone; starter: those that come with the package.",
)
@option(
    "--key-type",
    type=click.Choice(KEY_TYPES),
    show_default="the deployed one, else the adapter's, else bigint",
    help="Type of the host's keys.",
)
@as_of_option
@format_option
@click.pass_context
@command_errors()
def try_(
    context: click.Context,
    dsn: str | None,
    file: str,
    rules: str | None,
    key_type: str | None,
    as_of: str | None,
    format: show.Format,
) -> None:
    """Score everybody by an adapter and change nothing.

    Deploys the adapter and scores everybody as a FULL run does, in a transaction that is rolled
    back. Shows how many customers have points, the ten highest with what is on their cards, and
    what each rule made. Where the package is deployed, the trial takes over its parameters, bands,
    rules, social scores and adjustments, and nothing else: the sources are those of the file.

    All data is read and scored, so it takes about as long as a first run, which progress lines on
    stderr tell. It creates no trigger and touches neither views nor scores in use, so the host can
    write and scores can follow meanwhile. Other deployments and changes of rules and parameters
    wait. Its ledger needs room on the disk until the end.

    Exit code: 0 everything is scored, 3 something could not be scored or the server warned of the
    adapter, 1 the adapter cannot be deployed. CSV has the rules only.
    """
    progress = show.RunProgress()
    try:
        with trial(dsn) as connection, progress:
            found = score(
                connection, file, key_type, rules=rules, as_of=as_of,
                report=lambda line: show.say(line), progress=progress.update,
            )  # fmt: skip
    except AdapterError as error:
        _say(error.remarks, "engagement")
        context.exit(EXIT_ERROR)
    _say(found.remarks, "warning")
    if format == "table":
        _print(found)
    elif format == "json":
        show.json_text(
            "{" + f'"run": {found.run.texts[0]},\n' + ",\n".join(
                f'"{name}": [' + ",\n  ".join(part.texts) + "]"
                for name, part in (
                    ("scores", found.scores), ("highest", found.highest), ("rules", found.rules),
                    ("failures", found.failures),
                )
            ) + "}"
        )  # fmt: skip
    else:
        show.listing(found.rules, RULES, format, empty="")
    idle = sum(rule["award_count"] == 0 for rule in found.rules.records)
    if 2 * idle > len(found.rules):
        show.say(
            f"{idle} of {len(found.rules)} rules match nothing. Rules for the classes that the "
            f"host has, to be edited and tried: engagement rules draft --host {file} > drafted.toml"
        )
    if not found.is_sound:
        context.exit(EXIT_DIFFERENCES)


def _say(remarks: Iterable[Remark], begin: str) -> None:
    """Say each remark in a line on stderr."""
    for remark in remarks:
        hint = f" (hint: {remark.hint})" if remark.hint else ""
        show.say(" ".join(f"{begin}: {remark.place}: {remark.message}{hint}".split()))


def _print(found: TrialScores) -> None:
    (run,) = found.run.records
    show.section("Scores")
    show.listing(found.scores, SCORES, "table", empty="Nobody has a score.")
    for kind, of_kind in itertools.groupby(found.highest.records, itemgetter("customer_type")):
        show.section(f"Highest: {kind or 'not in the view customer'}")
        lines = [_card(customer) for customer in of_kind]
        show.console().print(show.table(lines, HIGHEST, show.console().width))
    show.section(f"Rules: {run['rules']}")
    show.listing(found.rules, RULES, "table", empty="None.")
    if found.failures:
        show.section("Not scored")
        show.listing(found.failures, FAILURES, "table", empty="")
    click.echo()
    show.result(
        f"{run['scored_count']:,} of {run['customer_count']:,} customers have points, by "
        f"{run['award_count']:,} awards, as of {show.instant(run['as_of'])}. "
        f"Scored in {run['seconds']} s; nothing is kept."
    )


def _card(customer: dict[str, Any]) -> dict[str, Any]:
    """Return what is on a customer's card, as a line of a table."""
    parts = [(part["category_name"], part["score"]) for part in customer["categories"]]
    if customer["employee_score"]:
        parts.append(("Employees", customer["employee_score"]))
    return {
        "score": customer["score"],
        "customer": f"{customer['display_name'] or '(no name)'} ({customer['customer_id']})",
        "parts": ", ".join(f"{name} {show.number(points)}" for name, points in parts),
        "reasons": ", ".join(
            f"{reason['rule_code']} {show.number(reason['score'])} ({reason['award_count']})"
            for reason in customer["reasons"]
        ),
    }
