"""Commands for categories."""

from __future__ import annotations

import json

import click

from engagement_runner import completion, queries, show
from engagement_runner.connection import dsn_option
from engagement_runner.session import format_option, option, read_steps, session

CATEGORIES = (
    show.Column("category_code", "Category", no_wrap=True),
    show.Column("category_name", "Name"),
    show.Column("sort_order", "Order", "number", is_wide=True),
    show.Column("counts_in_total", "In the total", "flag"),
    show.Column("cap_points", "At most", "number"),
    show.Column("is_ranked", "Ranked", "flag"),
    show.Column("inactivity_steps", "Counts", "steps"),
    show.Column("bands", "Bands", is_wide=True),
)


@click.group()
def categories() -> None:
    """List and set up categories, and what of them counts in the score."""


@categories.command("list")
@dsn_option
@format_option
def list_(dsn: str | None, format: show.Format) -> None:
    """List the categories in the order of a score card."""
    with session(dsn) as connection:
        show.listing(queries.rows(connection, "category_list"), CATEGORIES, format, "None.")


@categories.command("set")
@dsn_option
@click.argument("category_code", shell_complete=completion.categories)
@option("--name", metavar="TEXT", help="Name that staff read.")
@option("--sort-order", type=int, metavar="NUMBER", help="Place on a card, smallest first.")
@option(
    "--counts/--no-counts", default=None, help="Whether it is in the score; if not, it is a "
    "score of its own.",
)  # fmt: skip
@option("--ranked/--not-ranked", default=None, help="Whether customers have a percentile in it.")
@option(
    "--cap-points",
    metavar="NUMBER|none",
    help="Most of a customer's points of it that counts in the score.",
)
@option(
    "--inactivity-steps",
    callback=read_steps,
    metavar="12:75,24:50|none",
    help="Percent of its points that counts after so many months without activity in it.",
)
def set_(
    dsn: str | None,
    category_code: str,
    name: str | None,
    sort_order: int | None,
    counts: bool | None,
    ranked: bool | None,
    cap_points: str | None,
    inactivity_steps: list[list[int]] | None,
) -> None:
    """Add the category CATEGORY_CODE, or change it.

    Where what counts changes, the next recalculation sums everybody. A donor score that is not in
    the total, and is ranked:

        engagement categories set DONOR --name "Donor score" --no-counts --ranked
    """
    given = {
        "category_name": name,
        "sort_order": sort_order,
        "counts_in_total": counts,
        "cap_points": cap_points,
        "is_ranked": ranked,
        "inactivity_steps": inactivity_steps,
    }
    changes: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    if cap_points is not None and cap_points.lower() == "none":
        changes["cap_points"] = None
    code = category_code.upper()
    with session(dsn) as connection:
        queries.call_value(
            connection, "set_category", category_code=code, changes=json.dumps(changes)
        )
        show.result(f"Category {code} is set; the next recalculation applies it.")
