"""Commands about one customer besides its score card.

Its key, adjustments, employers, the trend, the forecast, merges with another, and a person's data:
exported and erased.
"""

import click

from engagement_runner import completion, queries, show
from engagement_runner.connection import dsn_option
from engagement_runner.session import format_option, option, session

EMPLOYERS = (
    show.Column("employer_id", "Employer"),
    show.Column("display_name", "Name"),
    show.Column("is_primary", "Primary", "flag"),
    show.Column("begin_on", "From", no_wrap=True),
    show.Column("end_on", "Until", no_wrap=True),
)

TREND = (
    show.Column("at", "At", "instant", no_wrap=True),
    show.Column("own_score", "Own", "number"),
    show.Column("employee_score", "Employees", "number"),
    show.Column("score", "Score", "number"),
    show.Column("score", "", "bar", no_wrap=True),
)

FOUND = (
    show.Column("customer_id", "Customer"),
    show.Column("display_name", "Name"),
    show.Column("customer_type", "Type"),
    show.Column("is_active", "Active", "flag"),
    show.Column("score", "Score", "number"),
)

FORECAST = (
    show.Column("weeks", "Weeks", "number"),
    *TREND,
)


@click.command()
@dsn_option
@click.argument("text", metavar="NAME")
@option(
    "--limit",
    type=click.IntRange(min=1, max=10000),
    metavar="NUMBER",
    default=25,
    help="List at most this many customers.",
)
@format_option
def find(dsn: str | None, text: str, limit: int, format: show.Format) -> None:
    """Find customers by NAME, or by a part of it, to get the key that other commands want.

    Upper and lower case make no difference. NAME may also be a key.
    """
    with session(dsn) as connection:
        queries.call_value(connection, "check_attached")
        rows = queries.rows(connection, "find_customer", text=text, limit=limit)
        show.listing(rows, FOUND, format, empty="No customer has this name or key.")
        if len(rows) == limit:
            show.say(f"the first {limit:,} only: give more of the name, or --limit")


# -5 is a number here and no option.
@click.command(context_settings={"ignore_unknown_options": True})
@dsn_option
@click.argument("customer")
@click.argument("points")
@option("--reason", metavar="TEXT", required=True, help="Why; staff read it.")
@option(
    "--expires-at",
    metavar="INSTANT",
    show_default="never",
    help="When the points cease to count.",
)
@option(
    "--category",
    metavar="CATEGORY_CODE",
    shell_complete=completion.categories,
    help="The category of the points, instead of Adjustment.",
)
@option(
    "--set-to",
    is_flag=True,
    help="POINTS is what the category shall be as of now; the difference is given or taken.",
)
def adjust(
    dsn: str | None,
    customer: str,
    points: str,
    reason: str,
    expires_at: str | None,
    category: str | None,
    set_to: bool,
) -> None:
    """Give CUSTOMER POINTS by hand, or take them.

    A number below zero takes points: engagement adjust 769 -5 --reason 'Entered twice'. The score
    follows with engagement follow, a refresh or the next recalculation.

    With --set-to the score follows at once, too:

        engagement adjust 769 50 --category INVOLVEMENT --set-to --reason 'As the old system had it'
    """
    with session(dsn) as connection:
        source_id = queries.call_value(
            connection, "adjust", customer_id=queries.Customer(customer), points=points,
            reason=reason, expires_at=expires_at, category_code=category, is_set_to=set_to,
        )  # fmt: skip
        if source_id is None:
            show.result(f"Category {category} of customer {customer} is at {points} already.")
            return
        made = queries.record(connection, "adjustment", customer=customer, source_id=source_id)
        if made is not None:
            until = show.instant(made["expires_at"])
            where = f" in {category}" if category else ""
            aim = f", set to {show.number(made['set_to'])}" if set_to else ""
            show.result(
                f"Customer {customer} adjusted by {show.number(made['points'])} points{where}{aim} "
                f"{f'until {until}' if until else 'for good'}: {made['reason']}"
            )


@click.group()
def customer() -> None:
    """Merge customers who are one, and take that back."""


@customer.command()
@dsn_option
@click.argument("double", metavar="FROM")
@click.argument("into", metavar="INTO")
def merge(dsn: str | None, double: str, into: str) -> None:
    """Move the adjustments and social scores of customer FROM to customer INTO.

    For customers who turned out to be one. What the host has of FROM, it moves itself. Of two
    social scores of one system, type and subtype the newer stays in force, and the other is set
    aside. Stored scores follow with the next recalculation.
    """
    with session(dsn) as connection:
        queries.call(
            connection, "merge_customer",
            from_=queries.Customer(double), into=queries.Customer(into),
        )  # fmt: skip
        show.result(f"Customer {double} merged into {into}.")


@customer.command()
@dsn_option
@click.argument("double", metavar="FROM")
@click.argument("into", metavar="INTO")
def unmerge(dsn: str | None, double: str, into: str) -> None:
    """Take back that customer FROM was merged into customer INTO.

    What was entered for FROM goes back as it is now, what was set aside is in force again, and what
    was entered for INTO since stays with INTO.
    """
    with session(dsn) as connection:
        queries.call(
            connection, "unmerge_customer",
            from_=queries.Customer(double), into=queries.Customer(into),
        )  # fmt: skip
        show.result(f"Customer {double} is no longer merged into {into}.")


@click.command()
@dsn_option
@click.argument("customer")
@option("--on", metavar="DATE", show_default="today", help="The date to answer for.")
@format_option
def employers(dsn: str | None, customer: str, on: str | None, format: show.Format) -> None:
    """List who employs CUSTOMER: the employers that an order may name."""
    with session(dsn) as connection:
        rows = queries.call_rows(
            connection, "current_employers", customer_id=queries.Customer(customer), on=on
        )
        show.listing(rows, EMPLOYERS, format, empty="Nobody employs this customer on that date.")


@click.command()
@dsn_option
@click.argument("customer")
@option("--from", "begin", metavar="INSTANT", show_default="a year before --to", help="Beginning.")
@option("--to", "end", metavar="INSTANT", show_default="now", help="End.")
@option("--step", metavar="INTERVAL", default="1 month", help="From one row to the next.")
@format_option
def trend(
    dsn: str | None,
    customer: str,
    begin: str | None,
    end: str | None,
    step: str,
    format: show.Format,
) -> None:
    """Show how the score of CUSTOMER has moved: own points, its employees', and both.

    Each row is summed from the ledger as it is now.
    """
    with session(dsn) as connection:
        rows = queries.rows(connection, "trend", customer=customer, begin=begin, end=end, step=step)
        show.listing(rows, TREND, format, empty="")


@click.command()
@dsn_option
@click.argument("customer")
@option("--weeks", metavar="WEEKS", default="4,8,12", help="Weeks from now, separated by commas.")
@format_option
def forecast(dsn: str | None, customer: str, weeks: str, format: show.Format) -> None:
    """Show what the score of CUSTOMER will be if nothing happens.

    Exact, because every expiry is dated: own points, its employees', and both.
    """
    with session(dsn) as connection:
        # Numbers between commas, in braces, are an array to PostgreSQL.
        rows = queries.call_rows(
            connection, "forecast", customer_id=queries.Customer(customer), weeks=f"{{{weeks}}}"
        )
        show.listing(rows, FORECAST, format, empty="")


@click.command()
@dsn_option
@click.argument("customer")
def export(dsn: str | None, customer: str) -> None:
    """Print all data stored about CUSTOMER, as JSON."""
    with session(dsn) as connection:
        show.json_text(
            queries.call_json(connection, "export_customer", customer_id=queries.Customer(customer))
        )


@click.command()
@dsn_option
@click.argument("customer")
@option("--yes", is_flag=True, help="Do not ask.")
def erase(dsn: str | None, customer: str, yes: bool) -> None:
    """Delete all data stored about CUSTOMER, permanently.

    Deletes awards, scores, adjustments and events, and sums the customer's companies again. Erase
    the customer in the host first: while the host shows their activity, this ends with an error.
    """
    with session(dsn) as connection:
        if not yes:
            queries.call_value(connection, "check_customer", customer_id=queries.Customer(customer))
            name = show.literal(queries.value(connection, "customer_name", customer=customer))
            who = f"{show.literal(customer)} ({name})" if name else show.literal(customer)
            click.confirm(f"Delete all data stored about customer {who}?", abort=True, err=True)
        queries.call(connection, "erase_customer", customer_id=queries.Customer(customer))
        show.result(f"Customer {customer} erased.")
