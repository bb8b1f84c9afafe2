"""The sample association with bands, scored, and pages about it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from engagement_runner.cli import main

Connection = psycopg.Connection[Any]


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., Result]:
    """``report(connection, "--customer", "1")``: write a page; its text is in ``stdout``."""

    def call(connection: Connection, *arguments: str) -> Result:
        environment = {"ENGAGEMENT_DSN": connection.info.dsn, "COLUMNS": "100"}
        return CliRunner().invoke(main, ["report", "--out", "-", *arguments], env=environment)

    return call


@pytest.fixture(scope="session")
def sample(_session_databases: Any, sample_template: str) -> Connection:
    """A session in a database with the sample association, which no test may change."""
    session: Connection = _session_databases.connect(_session_databases.create(sample_template))
    session.execute(
        "insert into engagement.score_band (band_code, label, from_score, from_percentile) values"
        " ('GOLD', 'Gold', 300, null), ('SILVER', 'Silver', 100, null),"
        " ('BRONZE', 'Bronze', 1, null), ('TOP', 'Top five per cent', null, 95)"
    )
    session.execute("call engagement.recalculate('FULL')")
    return session


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser: that of the environment variable CHROMIUM, else one that is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium: install the package chromium, or set CHROMIUM to its path")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium)
        yield running
        running.close()
