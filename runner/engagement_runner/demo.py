"""The demonstration: a sample association on a server of its own, and the story of one order.

Every number that it prints comes from SQL; its statements are the queries ``demo_*``.
"""

import shlex
import shutil
import sys
from pathlib import Path

import psycopg
from rich.text import Text

from engagement_runner import files, queries, show
from engagement_runner.commands.scores import print_card, print_differences, run_recalculation
from engagement_runner.connection import connect
from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from engagement_runner.errors import EngagementError
from engagement_runner.session import Connection, session

RANKING = (
    show.Column("display_name", "Name"),
    show.Column("customer_id", "Customer"),
    show.Column("score", "Score", "number"),
    show.Column("ytd_score", "Year to date", "number"),
    show.Column("overview_score", "Overview", "number"),
)

EARNED = (
    show.Column("rule_code", "Rule"),
    show.Column("description", "Because"),
    show.Column("points", "Points", "number"),
    show.Column("expires_at", "Until", "instant"),
)


def run(keep: bool = False) -> None:
    """Run the demonstration; with *keep* its server stays for playing.

    Raises EngagementError when the embedded PostgreSQL is not installed or does not start, and
    psycopg.Error from the database.
    """
    story = _Story()
    story.step("Start a PostgreSQL server of its own, in a folder of its own")
    with EmbeddedServer(keep=keep) as server:
        dsn = server.dsn()
        with connect(dsn) as connection:
            version = connection.info.parameter_status("server_version")
            story.tell(f"PostgreSQL {version} listens on a private socket, on no network.")
            story.step("Deploy engagement scoring, bound to a small CRM in schema crm")
            plan = deploy(connection, host="reference")
            story.tell(f"{len(plan.steps)} files applied, in one transaction.")
        with session(dsn) as connection:
            customer = _play(story, connection, dsn)
        _farewell(story, dsn, customer, server.stop_command if keep else None)


def _play(story: "_Story", connection: Connection, dsn: str) -> str:
    """Tell the story in a deployed database, and return the customer it is about."""
    story.step("Add rules, and load a sample association")
    _load(connection)
    contents = queries.record(connection, "demo_contents") or {}
    awards = contents.pop("awards")
    story.tell(", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in contents.items()) + ".")
    story.tell(f"While they were written, triggers made {awards:,} awards of points.")

    story.step("Score everybody: engagement recalculate --mode FULL")
    run_recalculation(connection, dsn, "FULL")
    story.tell("The most engaged people:")
    story.blank()
    show.listing(queries.rows(connection, "demo_ranking"), RANKING, "table", empty="")

    person = queries.record(connection, "demo_person")
    if person is None:
        raise EngagementError("the sample association has nobody for the demonstration")
    customer, name = person["customer_id"], person["display_name"]
    story.step(f"Meet {show.literal(name)}: engagement score {customer}")
    print_card(connection, customer)

    story.step(f"{show.literal(name)} orders two handbooks")
    order = psycopg.ClientCursor(connection).mogrify(
        queries.load("demo_order"), {"customer": int(customer)}
    )
    story.sql(order)
    connection.execute(order.encode())
    story.tell("The CRM wrote its own tables, no more. The triggers have scored the line already:")
    story.blank()
    show.listing(
        queries.rows(connection, "demo_earned", customer=customer), EARNED, "table", empty=""
    )
    story.step(f"Refresh the score on record: engagement refresh {customer}")
    before = queries.record(connection, "stored_score", customer=customer) or {}
    queries.execute(connection, "refresh_customer", customer=customer)
    after = queries.record(connection, "stored_score", customer=customer) or {}
    number = show.points((before["score"], after["score"]))
    story.figure("Score before", number(before["score"]))
    story.figure("Score after", number(after["score"]))

    later = queries.value(connection, "demo_first_expiry", customer=customer)
    story.step(f"Eight weeks later: engagement recalculate --as-of {shlex.quote(later)}")
    story.tell("Nothing happens in the CRM. Time alone takes the shortest-lived points away.")
    run_recalculation(connection, dsn, "INCREMENTAL", as_of=later)
    fall = queries.record(connection, "demo_fall", customer=customer) or {}
    keys = ("today_score", "later_score", "fell_by", "expired_points")
    number = show.points(fall[key] for key in keys)
    labels = ("Score today", "Eight weeks later", "It fell by", "Points that expired")
    for label, key in zip(labels, keys, strict=True):
        story.figure(label, number(fall[key]))

    story.step("Prove it: engagement verify")
    if print_differences(connection):
        raise EngagementError("the demonstration's scores differ from a recomputation")

    story.step("Back to today: engagement recalculate")
    run_recalculation(connection, dsn, "INCREMENTAL")
    return str(customer)


def _load(connection: Connection) -> None:
    """Add the sample's rules and rows, each file in a transaction of its own."""
    hosts = files.root() / files.HOSTS
    queries.execute(connection, "demo_sample_until")
    for name in ("reference_rules.sql", "reference_sample.sql"):
        with connection.transaction():
            connection.execute((hosts / name).read_bytes())
    queries.execute(connection, "demo_analyze")


def _farewell(story: "_Story", dsn: str, customer: str, stop: str | None) -> None:
    """Print what to try next, and how to keep or to stop the server (*stop*: the command)."""
    program = _program()
    story.step("Try next")
    if stop is None:
        story.tell("The server ends with this demonstration. To keep one for playing:")
        story.command(f"{program} demo --keep")
        story.tell("It then prints these with the connection filled in:")
        where = ""
    else:
        where = f" --dsn {shlex.quote(dsn)}"
    story.command(f"{program} explain {customer}{where}")
    story.command(f"{program} rules list{where}")
    story.command(f"{program} recalculate --mode FULL{where}")
    if stop is not None:
        story.tell("The server keeps running. This stops it and removes its folder:")
        story.command(stop)


def _program() -> str:
    """Return how the reader can call this very command again."""
    called = Path(sys.argv[0])
    found = shutil.which("engagement")
    if called.name != "engagement" or (found and Path(found).samefile(called)):
        return "engagement"
    return shlex.quote(str(called))


class _Story:
    """Prints the demonstration in short numbered steps on stdout."""

    def __init__(self) -> None:
        self._steps = 0

    def step(self, title: str) -> None:
        """Begin a step."""
        self._steps += 1
        self._print(Text(f"\n{self._steps}. {title}", style="bold cyan"))

    def tell(self, text: str) -> None:
        """Print a sentence."""
        self._print(Text(text))

    def sql(self, statement: str) -> None:
        """Print a statement that is about to run."""
        lines = (f"    {line}" for line in statement.strip().splitlines())
        self._print(Text("\n".join(lines), style="green"), wrap=False)

    def figure(self, label: str, figure: str) -> None:
        """Print a labelled number."""
        self._print(Text(f"{label:<20}{figure:>12}"))

    def command(self, text: str) -> None:
        """Print a command to copy: on one line, whatever its length."""
        self._print(Text(f"    {text}", style="green"), wrap=False)

    def blank(self) -> None:
        """Print an empty line."""
        self._print(Text())

    @staticmethod
    def _print(text: Text, wrap: bool = True) -> None:
        show.console().print(text, soft_wrap=not wrap)
