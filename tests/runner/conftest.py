"""Ways to call the command: inside this process, as a program, and on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from engagement_runner.cli import main
from patience import PATIENCE, STATEMENT_TIMEOUT

from .shop import contents, shop, write  # noqa: F401

PROGRAM = Path(sys.executable).with_name("engagement")


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment without what the reader of a test could not know about."""
    unwanted = ("PG", "ENGAGEMENT_", "DATABASE_URL", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    return {**kept, "TERM": "xterm-256color", "PYTHONUTF8": "1", **variables}


@pytest.fixture
def engagement(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``engagement(connection, "score", "1")``: run the command against that database."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)

    def call(connection: psycopg.Connection[Any], *arguments: str, **options: Any) -> Result:
        environment = {"ENGAGEMENT_DSN": connection.info.dsn}
        return CliRunner().invoke(main, arguments, env=environment, **options)

    return call


@pytest.fixture
def program() -> Callable[..., subprocess.CompletedProcess[str]]:
    """``program("score", "1", NO_COLOR="1")``: run the installed program, its output in pipes."""

    def call(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            env=clean_environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    return call


@dataclass
class TerminalResult:
    """What a program wrote to a terminal, and its exit code."""

    output: str
    exit_code: int


@pytest.fixture
def terminal() -> Callable[..., TerminalResult]:
    """``terminal("score", "1", NO_COLOR="1")``: run the program on a terminal of its own.

    What is *typed* waits there until the program reads it.
    """

    def call(*arguments: str, typed: str = "", **variables: str) -> TerminalResult:
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            env=clean_environment(**variables),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        written = bytearray()
        try:
            while chunk := os.read(ours, 65536):
                written += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(ours)
        return TerminalResult(written.decode(), process.wait(timeout=PATIENCE))

    return call


@dataclass
class People:
    """Customers of the association that a test scores."""

    ada: int
    bob: int
    firm: int


@pytest.fixture(scope="session")
def association_template(
    _session_databases: Any, template_of: Callable[[str], str]
) -> tuple[str, People]:
    """Name of a database with the association, and its customers."""
    dsn = _session_databases.create(template_of("bigint"))
    with psycopg.connect(dsn, autocommit=True) as session:
        people = found(session)
        return session.info.dbname, people


@pytest.fixture
def deployed(
    request: pytest.FixtureRequest, databases: Any, deployed_as: Callable[[str], Any]
) -> psycopg.Connection[Any]:
    """Autocommit session in a fresh deployment; of the association, where a test asks for it."""
    if "association" in request.fixturenames:
        name, _ = request.getfixturevalue("association_template")
        session: psycopg.Connection[Any] = databases.connect(databases.create(name))
        return session
    return deployed_as("bigint")


@pytest.fixture
def association(
    association_template: tuple[str, People], deployed: psycopg.Connection[Any]
) -> People:
    """Two people and a firm, three rules, an order and a committee seat; everybody scored.

    Ada has 2 x 5 + 0.5 x 100 = 60 points for books, and 30 for her seat. Bob has none. They are in
    the database of ``deployed``.
    """
    return association_template[1]


def found(session: psycopg.Connection[Any]) -> People:
    """Found the association in a fresh deployment."""
    run = session.execute
    run("insert into crm.product values ('BOOK', 'PUBLICATION', 'A book')")
    run("insert into crm.committee values ('BOARD', 'GOVERNANCE', 'The board')")
    people = People(
        *(
            run(
                "insert into crm.customer (customer_type, display_name) values (%s, %s)"
                " returning customer_id",
                row,
            ).fetchone()[0]  # type: ignore[index]
            for row in (
                ("INDIVIDUAL", "Ada [bold red]Lovelace[/]"),
                ("INDIVIDUAL", "Bob \x1b[31mRed\x07"),
                ("COMPANY", "Analytical Engines"),
            )
        )
    )
    run(
        "select engagement.add_rule('BOOKS', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE',"
        " 'ORDER_CREATION', p_subject_class => 'PUBLICATION', p_quantity_score => 2,"
        " p_amount_score => 0.5, p_valid_for_weeks => 8, p_description => 'Points for books')"
    )
    run("select engagement.add_rule('SEAT', 'INVOLVEMENT', 'COMMITTEE_PARTICIPATION',"
        " p_flat_score => 30, p_description => 'A seat on a committee')")  # fmt: skip
    run(
        "with o as (insert into crm.sales_order (ordered_at) values (now() - interval '1 day')"
        " returning order_id)"
        " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select order_id, %s, 'BOOK', 5, 100 from o",
        (people.ada,),
    )
    run(
        "insert into crm.committee_member (committee_id, customer_id, begin_on)"
        " values ('BOARD', %s, current_date - 400)",
        (people.ada,),
    )
    run("call engagement.recalculate('FULL')")
    return people


def wait_until(session: psycopg.Connection[Any], condition: str) -> None:
    """Return when a condition in SQL holds."""
    session.execute(STATEMENT_TIMEOUT)
    session.execute(
        f"""
        do $$ begin
            while not ({condition}) loop
                perform pg_catalog.pg_stat_clear_snapshot();
                perform pg_catalog.pg_sleep(0.01);
            end loop;
        end $$
        """.encode()
    )


def order(session: psycopg.Connection[Any], customer: int) -> None:
    """Sell five books for 100 to a customer: 60 points."""
    session.execute(
        "with o as (insert into crm.sales_order (ordered_at) values (now() - interval '1 day')"
        " returning order_id)"
        " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select order_id, %s, 'BOOK', 5, 100 from o",
        (customer,),
    )


def wait_for_score(session: psycopg.Connection[Any], customer: int, score: int) -> None:
    """Return when the stored score of a customer is this one."""
    wait_until(
        session,
        "exists (select from engagement.customer_score"
        f" where customer_id = {customer} and score = {score})",
    )
