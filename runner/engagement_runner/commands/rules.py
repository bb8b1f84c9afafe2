"""Commands for score rules."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from engagement_runner import completion, files, queries, rulefile, show
from engagement_runner.connection import Connection, dsn_option
from engagement_runner.session import format_option, option, read_steps, session, snapshot

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Options of add and revise that are columns of a rule, with what they mean.
_FIELDS = (
    ("--effective-when", "ORDER_CREATION or INVOICE_CREATION, for purchases."),
    ("--subject-id", "Only this product or committee."),
    ("--subject-class", "Only products or committees of this class."),
    ("--flat-score", "Points for each activity, whatever its size."),
    ("--quantity-score", "Points per unit of quantity."),
    ("--amount-score", "Points per unit of money."),
    ("--valid-for-weeks", "Weeks until the points cease to count."),
    ("--cap-points", "Most points per customer and cap period."),
    ("--cap-period", "DAY, WEEK, MONTH, YEAR or EVER."),
    ("--half-life-weeks", "Weeks after which the points count half."),
    (
        "--inactivity-steps",
        "Percent that counts after so many months without activity in the "
        "category, as 12:75,24:50,36:0; none: always all, whatever the category says.",
    ),
    ("--description", "What staff read beside the points."),
    ("--applies-from", "Only activities that occurred at this instant or later."),
    ("--applies-until", "Only activities that occurred before this instant."),
)
_CLEARABLE = tuple(flag[2:].replace("-", "_") for flag, _ in _FIELDS)

retroactive_option = option(
    "--retroactive",
    is_flag=True,
    help="For the past as well: existing awards are voided and made anew at the next run.",
)

preview_option = option(
    "--preview",
    is_flag=True,
    help="Show what the change would do to scores and bands, and change nothing.",
)


def _fields(function: _Function) -> _Function:
    for flag, meaning in reversed(_FIELDS):
        callback = read_steps if flag == "--inactivity-steps" else None
        function = option(flag, metavar="VALUE", callback=callback, help=meaning)(function)
    return function


@click.group()
def rules() -> None:
    """List, draft, add, revise, retire, export and apply score rules."""


@rules.command("list")
@dsn_option
@option("--all-versions", is_flag=True, help="Also earlier and retired versions.")
@format_option
def list_(dsn: str | None, all_versions: bool, format: show.Format) -> None:
    """List the rules in force, by category."""
    with session(dsn) as connection:
        found = queries.rows(connection, "rule_list", all_versions=all_versions)
        show.rules(found, format)


@rules.command()
@dsn_option
@click.argument("rule_code")
@click.argument("category_code", shell_complete=completion.categories)
@click.argument("engagement_type", shell_complete=completion.engagement_types)
@_fields
def add(dsn: str | None, rule_code: str, **fields: object) -> None:
    """Add the rule RULE_CODE.

    It scores activities of ENGAGEMENT_TYPE; the points belong to CATEGORY_CODE.
    """
    with session(dsn) as connection, connection.transaction():
        known = _overlaps(connection)
        queries.call_value(connection, "add_rule", rule_code=rule_code, **fields)
        _warn_of_overlaps(connection, known, [rule_code])
        show.result(f"Rule {rule_code} added; the next recalculation applies it.")


@rules.command()
@dsn_option
@click.argument("rule_code")
@option(
    "--category-code",
    metavar="VALUE",
    shell_complete=completion.categories,
    help="Category that the points belong to.",
)
@option(
    "--engagement-type",
    metavar="VALUE",
    shell_complete=completion.engagement_types,
    help="Kind of activity.",
)
@_fields
@option(
    "--clear",
    multiple=True,
    type=click.Choice(_CLEARABLE),
    metavar="COLUMN",
    help=f"Clear a column; can be repeated. One of {', '.join(_CLEARABLE)}.",
)
@retroactive_option
@preview_option
@format_option
def revise(
    dsn: str | None,
    rule_code: str,
    clear: tuple[str, ...],
    retroactive: bool,
    preview: bool,
    format: show.Format,
    **fields: object,
) -> None:
    """Change the rule RULE_CODE, from now on or for the past as well.

    --format is for a --preview.
    """
    both = [key for key in clear if fields[key] is not None]
    if both:
        raise click.UsageError(f"{both[0]} is both set and cleared")
    if not clear and all(value is None for value in fields.values()):
        raise click.UsageError("nothing to change: give at least one option")
    with session(dsn) as connection:
        changes = queries.value(
            connection, "rule_changes", rule_code=rule_code, cleared=list(clear), **fields
        )
        if preview:
            _print_preview(connection, changes, retroactive, format)
            return
        with connection.transaction():
            known = _overlaps(connection)
            queries.execute(
                connection,
                "rule_revise",
                rule_code=rule_code,
                changes=changes,
                retroactive=retroactive,
            )
            _warn_of_overlaps(connection, known, [rule_code])
        version = queries.value(connection, "rule_version", rule_code=rule_code)
        show.result(f"Rule {rule_code} is at version {version}; the next recalculation applies it.")


@rules.command()
@dsn_option
@click.argument("rule_code")
@retroactive_option
@preview_option
@format_option
def retire(
    dsn: str | None, rule_code: str, retroactive: bool, preview: bool, format: show.Format
) -> None:
    """End the rule RULE_CODE.

    It makes no more awards; existing ones run their course, unless --retroactive. --format is for
    a --preview.
    """
    with session(dsn) as connection:
        if preview:
            _print_preview(connection, json.dumps({rule_code: None}), retroactive, format)
            return
        queries.call_value(connection, "retire_rule", rule_code=rule_code, retroactive=retroactive)
        effect = (
            "the next recalculation voids its awards"
            if retroactive
            else "what it has awarded runs its course"
        )
        show.result(f"Rule {rule_code} retired; {effect}.")


@rules.command()
@dsn_option
def export(dsn: str | None) -> None:
    """Print the rules in force as TOML, for `rules apply`."""
    with session(dsn) as connection:
        exported = queries.loads(queries.call_json(connection, "export_rules"))
        click.echo(rulefile.dump(exported), nl=False)


def rule_file(context: click.Context, parameter: click.Parameter, name: str | None) -> Path | None:
    """Return the path of a file of rules: a callback for Click's options and arguments."""
    return None if name is None else files.rule_file(name, files.root())


@rules.command()
@dsn_option
@click.argument(
    "file",
    metavar="FILE.toml|starter",
    callback=rule_file,
    shell_complete=completion.rule_files,
)
@option("--dry-run", is_flag=True, help="Show which rules would change, and change nothing.")
@preview_option
@retroactive_option
@format_option
def apply(
    dsn: str | None,
    file: Path,
    dry_run: bool,
    preview: bool,
    retroactive: bool,
    format: show.Format,
) -> None:
    """Bring the rules to what a TOML file says.

    The file is given by its path, as - for stdin, or as starter: the rules that come with the
    package, for an association. All changes are made in one transaction. Rules that the file does
    not name are left alone; `retired = true` ends one. Bands of the file are added where there are
    none yet.
    """
    if dry_run and preview:
        raise click.UsageError("--dry-run shows the rules, --preview the scores: give one of them")
    with session(dsn) as connection:
        wanted, bands = rulefile.load_all(file)
        if preview:
            _print_preview(connection, wanted, retroactive, format)
            return
        # A dry run makes the changes and takes them back, so that it meets every error as well.
        with connection.transaction(force_rollback=dry_run):
            band_count = (
                queries.call_value(connection, "apply_bands", bands=bands) if bands != "[]" else 0
            )
            known = _overlaps(connection)
            done = queries.call_rows(
                connection, "apply_rules", rules=wanted, retroactive=retroactive
            )
            _warn_of_overlaps(
                connection, known,
                [r["rule_code"] for r in done.records if r["action"] in ("add", "revise")],
                together=[r["rule_code"] for r in done.records],
            )  # fmt: skip
        show.rule_changes(done, format, dry_run)
        if band_count:
            show.say(f"{show.count(band_count, 'band')} {'would be ' * dry_run}added.")
        elif band_count is None:
            show.say("The bands of the file are left out: there are other bands already.")


def _overlaps(connection: Connection) -> queries.Rows:
    """Return the pairs of rules that award the same activities now."""
    return queries.rows(connection, "rule_overlaps", rule_codes=None, known="[]", together=[])


def _warn_of_overlaps(
    connection: Connection,
    known: queries.Rows,
    rule_codes: Sequence[str],
    together: Sequence[str] = (),
) -> None:
    """Say on stderr which pairs are new because the rules *rule_codes* have changed.

    *known* are the pairs before the change; *together*: the rules of one file.
    """
    found = queries.rows(
        connection, "rule_overlaps", rule_codes=list(rule_codes),
        known="[" + ",".join(known.texts) + "]", together=list(together),
    )  # fmt: skip
    for pair in found.records:
        show.say(f"warning: {show.overlap(pair)}", "yellow")
    if found:
        show.say("If that is intended, do nothing. Otherwise: `engagement rules retire CODE`.")


def _print_preview(
    connection: Connection, changes: str, retroactive: bool, output: show.Format
) -> None:
    """Print what *changes*, JSON as engagement.preview_rules takes it, would do to scores."""
    # A person reads the largest changes, a program all of them.
    is_for_people = output == "table"
    with snapshot(connection, read_only=False):
        # Each preview is taken back before the next: it leaves temporary tables behind.
        with connection.transaction(force_rollback=True):
            rows = queries.rows(
                connection, "rule_preview", changes=changes, retroactive=retroactive,
                movers=show.MOVER_COUNT if is_for_people else 0,
            )  # fmt: skip
        if not is_for_people:
            rows += queries.call_rows(
                connection, "preview_rules", changes=changes, retroactive=retroactive
            )
    show.preview(rows, output)
    if not retroactive and not rows.records[0]["customer_count"]:
        show.say("from now on: what has been awarded stays; see --retroactive")
