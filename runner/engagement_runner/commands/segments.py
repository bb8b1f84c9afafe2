"""Commands that look at many customers at once.

Segments, who will fall, and what points were earned for.
"""

import click

from engagement_runner import completion, queries, show
from engagement_runner.connection import dsn_option
from engagement_runner.session import format_option, option, session

SEGMENTS = (
    show.Column("segment_name", "Segment", no_wrap=True),
    show.Column("label", "Label"),
    show.Column("customer_count", "Customers", "number"),
    show.Column("description", "Who is in it"),
)

CUSTOMERS = (
    show.Column("customer_id", "Customer"),
    show.Column("display_name", "Name"),
    show.Column("customer_type", "Type"),
    show.Column("score", "Score", "number"),
    show.Column("percentile", "Percentile", "number"),
    show.Column("band_code", "Band"),
    show.Column("segment_value", "Value", "number"),
)

AT_RISK = (
    show.Column("customer_id", "Customer"),
    show.Column("display_name", "Name"),
    show.Column("score", "Score", "number"),
    show.Column("future_score", "Then", "number"),
    show.Column("fall", "Fall", "number"),
    show.Column("band_code", "Band"),
    show.Column("future_band_code", "Band then"),
    show.Column("customer_type", "Type"),
)

category_option = option(
    "--category",
    metavar="CODE",
    show_default="the total",
    shell_complete=completion.categories,
    help="By the points of this category.",
)

DIMENSIONS = ("CATEGORY", "RULE", "SUBJECT", "MONTH", "YEAR")
"""What points can be broken down by, as engagement.points_by has it."""


@click.command()
@dsn_option
@click.argument("name", required=False, shell_complete=completion.segments)
@category_option
@format_option
def segment(dsn: str | None, name: str | None, category: str | None, format: show.Format) -> None:
    """List the customers of the segment NAME, or the segments.

    Each segment sorts its customers by a value of its own, the largest first. The list of segments
    (without NAME) says what the value is.
    """
    with session(dsn) as connection:
        if name is None:
            rows = queries.rows(connection, "segment_list")
            show.listing(rows, SEGMENTS, format, empty="There are no segments.")
        else:
            rows = queries.call_rows(
                connection, "segment", name=name, category_code=category and category.upper()
            )
            show.listing(rows, CUSTOMERS, format, empty="Nobody is in this segment.")


@click.command("at-risk")
@dsn_option
@option("--weeks", metavar="WEEKS", default="8", help="Weeks from now.")
@option("--fall", metavar="POINTS", help="Also list customers who lose at least this many points.")
@option(
    "--type",
    "customer_type",
    type=click.Choice(["INDIVIDUAL", "COMPANY"], case_sensitive=False),
    show_default="people, then companies",
    help="Only customers of this type.",
)
@category_option
@format_option
def at_risk(
    dsn: str | None,
    weeks: str,
    fall: str | None,
    customer_type: str | None,
    category: str | None,
    format: show.Format,
) -> None:
    """List who will fall out of their band if nothing happens, the largest fall first.

    People come before companies.

    Where there are no bands, it lists everybody who will lose points. It looks at active customers
    only, and counts the weeks from the last recalculation.
    """
    with session(dsn) as connection:
        code = category and category.upper()
        rows = queries.rows(
            connection, "at_risk_list",
            weeks=weeks, fall=fall, category_code=code, customer_type=customer_type,
        )  # fmt: skip
        if fall is None and not queries.value(connection, "has_bands", category_code=code):
            of = f" of {code}" if code else ""
            show.say(
                f"There are no bands{of} (engagement.score_band). The list has everybody who will "
                "lose points."
            )
            show.say("--fall POINTS shortens it to those who will lose at least so many.")
        show.listing(rows, AT_RISK, format, empty="Nobody will fall by then.")


@click.command()
@dsn_option
@click.argument(
    "dimension",
    type=click.Choice(DIMENSIONS, case_sensitive=False),
    metavar=f"[{'|'.join(DIMENSIONS)}]",
    default="CATEGORY",
)
@option(
    "--segment",
    metavar="NAME",
    show_default="everybody",
    shell_complete=completion.segments,
    help="Only points of this segment.",
)
@option(
    "--company",
    metavar="CUSTOMER",
    help="Only points of this company and its people.",
)
@option("--from", "begin", metavar="INSTANT", help="Only points earned then or later.")
@option("--to", "end", metavar="INSTANT", help="Only points earned before.")
@format_option
def points(
    dsn: str | None,
    dimension: str,
    segment: str | None,
    company: str | None,
    begin: str | None,
    end: str | None,
    format: show.Format,
) -> None:
    """Show what points were earned for: what matters most.

    By category unless you say otherwise, and until the last recalculation. The column Points has
    all that were earned, also those that have expired; Counting has those that have not expired.
    """
    with session(dsn) as connection:
        rows = queries.call_rows(
            connection, "points_by", dimension=dimension.upper(), segment=segment,
            company_id=queries.Customer(company), from_=begin, to=end,
        )  # fmt: skip
        show.breakdown(rows, dimension.capitalize(), format)
