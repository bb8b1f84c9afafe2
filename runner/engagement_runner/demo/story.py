"""The demonstration: a sample association on a server of its own, and the story of one order.

Every number that it prints comes from SQL; its statements are the queries ``demo_*``.
"""

import shlex
import shutil
import sys
import time
from pathlib import Path

import psycopg
from rich.text import Text

from engagement_runner import queries, show
from engagement_runner.commands.customers import EMPLOYERS
from engagement_runner.commands.scores import print_card, run_recalculation
from engagement_runner.commands.segments import CUSTOMERS
from engagement_runner.commands.social import load_scores
from engagement_runner.commands.verify import print_differences
from engagement_runner.connection import Connection, connect
from engagement_runner.demo import sample
from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from engagement_runner.errors import EngagementError
from engagement_runner.session import session

#: Seconds between two calls of catch_up.
_PAUSE = 0.2
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

COMPANIES = (
    show.Column("display_name", "Points of their people"),
    show.Column("before", "Before", "number"),
    show.Column("after", "After", "number"),
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
    sample.load(connection)
    story.tell(sample.contents(connection))
    queued = (queries.record(connection, "demo_contents") or {})["queued"]
    story.tell(f"Triggers have queued {queued:,} statements that wrote them, and scored nothing.")

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
    story.run(connection, "demo_order", customer=int(customer))
    story.tell("The CRM wrote its own tables, no more. A trigger has queued the statement.")
    story.step("Bring the scores up to date, as engagement follow does within a second")
    before = queries.record(connection, "stored_score", customer=customer) or {}
    queries.call(connection, "catch_up")
    after = queries.record(connection, "stored_score", customer=customer) or {}
    show.listing(
        queries.rows(connection, "demo_earned", customer=customer), EARNED, "table", empty=""
    )
    number = show.points((before["score"], after["score"]))
    story.figure("Score before", number(before["score"]))
    story.figure("Score after", number(after["score"]))

    _move_order(story, connection)
    _upload(story, connection)

    story.step("Who is rising: engagement segment rising (the first five)")
    show.listing(
        queries.rows(connection, "demo_segment", name="rising"), CUSTOMERS, "table", empty=""
    )

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

    story.step("Does the score mean anything? engagement backtest RENEWAL")
    story.tell("Who renewed a membership, by the scores of three months before:")
    story.blank()
    show.backtest(queries.call_json(connection, "backtest", outcome="RENEWAL"), "table")
    return str(customer)


def _move_order(story: "_Story", connection: Connection) -> None:
    """Show a company, and how the points of an order move to another one."""
    order = queries.record(connection, "demo_moved_order")
    if order is None:
        raise EngagementError("the sample association has nobody with two employers")
    companies = {key: order[key] for key in ("company", "other_company")}
    for company in companies.values():
        queries.call(connection, "refresh_customer", customer_id=queries.Customer(company))
    story.step(f"Meet a company: engagement score {order['company']}")
    print_card(connection, order["company"])

    name = show.literal(order["display_name"])
    story.step(f"{name} works for two companies: engagement employers {order['customer_id']}")
    show.listing(
        queries.call_rows(
            connection, "current_employers", customer_id=queries.Customer(order["customer_id"])
        ),
        EMPLOYERS, "table", empty="",
    )  # fmt: skip
    story.tell(
        "MULTIPLE_CONCURRENT_EMPLOYERS is Y: an order may name either. Staff give an order to the "
        "other company, and engagement follow moves its points:"
    )
    before = queries.rows(connection, "demo_companies", **companies)
    story.run(
        connection, "demo_move_order", order_id=int(order["order_id"]),
        other_company=int(order["other_company"]),
    )  # fmt: skip
    queries.call(connection, "catch_up")
    # As follow does: a company comes when it has rested in proportion to its size.
    while queries.value(connection, "demo_unsummed"):
        time.sleep(_PAUSE)
        queries.call(connection, "catch_up")
    after = queries.rows(connection, "demo_companies", **companies)
    story.blank()
    records = [
        {**was, "before": was["employee_score"], "after": now["employee_score"]}
        for was, now in zip(before.records, after.records, strict=True)
    ]
    show.console().print(show.table(records, COMPANIES))
    voided = queries.value(connection, "demo_moved_awards", order_id=order["order_id"])
    story.tell(
        f"The ledger keeps what was: {show.count(voided, 'award')} voided as EMPLOYER_CHANGED."
    )


def _upload(story: "_Story", connection: Connection) -> None:
    """Load a file of social community scores with a line that cannot be loaded."""
    text = queries.value(connection, "demo_upload")
    story.step("An online community sends its scores: engagement social import scores.csv")
    story.quote(text)
    load_scores(connection, text.splitlines(keepends=True), "scores.csv")


def _farewell(story: "_Story", dsn: str, customer: str, stop: str | None) -> None:
    """Print what to try next, and how to keep or to stop the server (*stop*: the command)."""
    program = _program()
    story.step("Try next")
    if stop is None:
        story.tell("The server ends with this demonstration. To keep one for playing:")
        story.command(f"{program} demo --keep")
        story.tell("It then prints these lines, with its connection in the first:")
    else:
        story.tell("The server keeps running. Connect to it, then look around:")
    story.command(f"export DATABASE_URL={shlex.quote(dsn)}" if stop else "export DATABASE_URL=…")
    story.command(f"{program} explain {customer}")
    story.command(f"{program} points rule")
    story.command(f"{program} segment")
    if stop is not None:
        story.tell("This stops the server and removes its folder:")
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

    def run(self, connection: Connection, name: str, **parameters: object) -> None:
        """Print the query *name* with its parameters filled in, and run it."""
        statement = psycopg.ClientCursor(connection).mogrify(queries.load(name), parameters)
        self.quote(statement)
        connection.execute(statement.encode())

    def quote(self, text: str) -> None:
        """Print a statement or a file."""
        lines = (f"    {line}" for line in text.strip().splitlines())
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
