"""The command that compares scores with what happened later."""

from pathlib import Path

import click

from engagement_runner import completion, queries, rulefile, show
from engagement_runner.commands.rules import rule_file
from engagement_runner.connection import dsn_option
from engagement_runner.session import format_option, option, session, snapshot

OUTCOMES = (
    show.Column("outcome", "Outcome", no_wrap=True),
    show.Column("description", "What counts as one"),
    show.Column("view_name", "View"),
)

GROUPS = ("FIFTH", "TENTH", "BAND")
"""How outcomes can be grouped by their scores, as engagement.backtest has it."""


@click.command()
@dsn_option
@click.argument("outcome", required=False)
@option("--lead", metavar="INTERVAL", default="90d", help="How long before the outcome, like 12w.")
@option("--from", "begin", metavar="INSTANT", help="Only outcomes decided then or later.")
@option("--to", "end", metavar="INSTANT", help="Only outcomes decided before.")
@option(
    "--by",
    type=click.Choice(GROUPS, case_sensitive=False),
    metavar=f"[{'|'.join(GROUPS)}]",
    default="FIFTH",
    help="Group the outcomes by fifths or tenths of their scores, or by band.",
)
@option(
    "--segment",
    metavar="NAME",
    show_default="everybody",
    shell_complete=completion.segments,
    help="Only customers who are in this segment now.",
)
@option(
    "--rules",
    metavar="FILE.toml|starter",
    callback=rule_file,
    shell_complete=completion.rule_files,
    help="Scores as after `rules apply FILE --retroactive`, compared with those on record.",
)
@option(
    "--against",
    metavar="FILE.toml|starter",
    show_default="the rules on record",
    callback=rule_file,
    shell_complete=completion.rule_files,
    help="Compare the scores of --rules with those as after this file.",
)
@option("--known", is_flag=True, help="Only what was on record at the instant of the score.")
@format_option
def backtest(
    dsn: str | None,
    outcome: str | None,
    lead: str,
    begin: str | None,
    end: str | None,
    by: str,
    segment: str | None,
    rules: Path | None,
    against: Path | None,
    known: bool,
    format: show.Format,
) -> None:
    """Compare the scores before each OUTCOME, such as RENEWAL, with what happened.

    Without OUTCOME it lists the outcomes. It shows how often the outcome happened in each group of
    scores, how well the score tells the one from the other, and what each category and rule adds.
    Nothing is changed, and no cause is shown.
    """
    with session(dsn) as connection:
        if outcome is None:
            rows = queries.rows(connection, "outcome_list")
            show.listing(rows, OUTCOMES, format, empty="No outcome is registered.")
            return
        wanted = rulefile.load(rules) if rules else None
        others = rulefile.load(against) if against else None
        with snapshot(connection, read_only=wanted is None):
            text = queries.call_json(
                connection, "backtest", outcome=outcome, lead=lead, from_=begin, to=end,
                by=by.upper(), segment=segment, rules=wanted, known=known, against=others,
            )  # fmt: skip
        show.backtest(text, format)
