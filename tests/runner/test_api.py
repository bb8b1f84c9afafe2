"""Engagement, the API for programs, against a real database."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from engagement_runner import Engagement
from engagement_runner.api import EngagementError
from patience import PATIENCE

from .conftest import People, clean_environment

Connection = psycopg.Connection[Any]


def events_for(connection: Connection, *bands: str) -> None:
    """An event for each of these bands, in their order."""
    for number, band in enumerate(bands):
        connection.execute(
            "insert into engagement.score_event (customer_id, event_type, to_band, score,"
            " occurred_at, created_at) values (7, 'BAND_UP', %s, 1.5, now(),"
            " now() + %s * interval '1 second')",
            (band, number),
        )


def waiting(connection: Connection) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "select to_band from engagement.score_event order by created_at"
        ).fetchall()
    ]


def test_api_deploys_runs_and_shows_a_card(
    database: str, databases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = databases.connect(database).info.dsn
    session = databases.connect(dsn)
    with Engagement(dsn) as engagement:
        with pytest.raises(EngagementError):
            engagement.deploy("no such adapter.sql")
        assert engagement.deploy()
        assert engagement.deploy() == []
        with pytest.raises(psycopg.Error) as refused:
            engagement.recalculate()
        assert refused.value.sqlstate == "EG006"
    assert session.execute("select count(*) from engagement.score_rule").fetchone() == (2,)


def test_api_scores_as_the_commands_do(deployed: Connection, association: People) -> None:
    with Engagement(deployed.info.dsn) as engagement:
        (run,) = engagement.recalculate("FULL")
        assert (run.run_mode, run.failure_count) == ("FULL", 0)
        assert isinstance(run.as_of, dt.datetime) and run.as_of.tzinfo
        card = engagement.score_card(association.ada)
        assert card["customer_id"] == association.ada
        assert isinstance(card["score"], Decimal) and card["score"] > 0
        assert {c["category_name"] for c in card["categories"]} >= {"Involvement"}
        engagement.refresh(association.ada)
        naive = dt.datetime(2025, 3, 1, 12)
        deployed.execute("select engagement.set_parameter('TIME_ZONE', 'Asia/Tokyo')")
        with Engagement(deployed.info.dsn) as elsewhere:
            shown = elsewhere.score_card(association.ada, naive)["trend"][-1]["at"]
        assert shown.endswith("+09:00")
        deployed.execute("select engagement.set_parameter('TIME_ZONE', 'UTC')")
        past = engagement.score_card(association.ada, dt.datetime(1999, 1, 1, tzinfo=dt.UTC))
        assert past["own_score"] == 0
        for call in (engagement.refresh, engagement.score_card):
            with pytest.raises(psycopg.Error) as refused:
                call(987654321)
            assert refused.value.sqlstate == "EG001"


def test_api_source_that_cannot_be_read_is_an_error(
    deployed: Connection, association: People
) -> None:
    deployed.execute("drop view engagement_host.committee_seat")
    with (
        Engagement(deployed.info.dsn) as engagement,
        pytest.raises(EngagementError, match="committee_seat"),
    ):
        engagement.recalculate("FULL")


@pytest.mark.parametrize("name", ["ENGAGEMENT_DSN", "DATABASE_URL"])
def test_api_goes_where_the_environment_leads(
    deployed: Connection, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("ENGAGEMENT_DSN", "DATABASE_URL", "PGHOST"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, deployed.info.dsn)
    with Engagement() as engagement:
        assert engagement.take_events() == []


def test_api_connects_again_after_close(deployed: Connection, association: People) -> None:
    engagement = Engagement(deployed.info.dsn)
    assert engagement.take_events() == []
    engagement.close()
    engagement.close()
    assert engagement.take_events() == []
    engagement.close()


def test_api_events_are_taken_off_when_the_next_one_is_asked_for(deployed: Connection) -> None:
    events_for(deployed, "A", "B", "C")
    with Engagement(deployed.info.dsn) as engagement:
        found = engagement.events(limit=2)
        first = next(found)
        assert isinstance(first.event_id, uuid.UUID)
        assert (first.customer_id, first.to_band, first.score) == ("7", "A", Decimal("1.5"))
        assert (first.event_type, first.from_band, first.category_code) == ("BAND_UP", None, None)
        assert first.occurred_at.tzinfo
        assert waiting(deployed) == ["A", "B", "C"]
        assert next(found).to_band == "B"
        assert waiting(deployed) == ["B", "C"]
        assert [event.to_band for event in found] == ["C"]
        assert waiting(deployed) == []


def test_api_events_whose_work_fails_come_again(deployed: Connection) -> None:
    events_for(deployed, "A", "B", "C")
    with Engagement(deployed.info.dsn) as engagement:
        with pytest.raises(ZeroDivisionError):
            for event in engagement.events():
                if event.to_band == "B":
                    raise ZeroDivisionError
        assert waiting(deployed) == ["B", "C"]
        assert list(engagement.events()) == []  # they are held
        deployed.execute("update engagement.score_event set held_until = now()")
        assert [event.to_band for event in engagement.events()] == ["B", "C"]


def test_api_events_of_a_program_that_is_killed_come_again(deployed: Connection) -> None:
    events_for(deployed, "A", "B", "C")
    program = """
import os, signal
from engagement_runner import Engagement
for event in Engagement(os.environ["DATABASE_URL"]).events():
    if event.to_band == "B":
        os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(DATABASE_URL=deployed.info.dsn),
        timeout=PATIENCE,
    )
    assert killed.returncode == -9
    assert waiting(deployed) == ["B", "C"]
    deployed.execute("update engagement.score_event set held_until = now()")
    with Engagement(deployed.info.dsn) as engagement:
        assert [event.to_band for event in engagement.events()] == ["B", "C"]


def test_api_events_are_taken_at_once(deployed: Connection) -> None:
    events_for(deployed, "A", "B", "C")
    with Engagement(deployed.info.dsn) as engagement:
        assert [event.to_band for event in engagement.take_events(2)] == ["A", "B"]
        assert waiting(deployed) == ["C"]
        for call in (lambda: engagement.take_events(0), lambda: list(engagement.events(0))):
            with pytest.raises(psycopg.Error) as refused:
                call()
            assert refused.value.sqlstate == "EG004"


def test_api_is_typed_and_documented() -> None:
    import engagement_runner

    assert (engagement_runner.queries.FOLDER.parent / "py.typed").is_file()
    public: list[Callable[..., Any]] = [
        member for name, member in vars(Engagement).items()
        if callable(member) and not name.startswith("_")
    ]  # fmt: skip
    assert len(public) == 7
    for member in public:
        assert member.__doc__ and "return" in member.__annotations__
    with pytest.raises(AttributeError):
        engagement_runner.__getattr__("NoSuch")
