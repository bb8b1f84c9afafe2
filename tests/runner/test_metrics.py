"""metrics against a real database: what it prints, what it serves, what watches it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from docs.pages import TOP
from patience import PATIENCE

from .conftest import PROGRAM, clean_environment

Connection = psycopg.Connection[Any]
MONITORING = TOP / "docs/monitoring"
PROMTOOL = shutil.which("promtool") or os.environ.get("PROMTOOL")


def values(text: str, read: Callable[[str], Any] = openmetrics) -> dict[str, float]:
    """Each metric by its name; each has a help text."""
    families = list(read(text))
    assert all(family.documentation.endswith(".") for family in families)
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_metrics_say_what_waits_and_how_the_last_run_went(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    before = engagement(deployed, "metrics")
    assert before.exit_code == 0, before.stderr
    assert before.stdout.endswith("# EOF\n")
    found = values(before.stdout)
    assert found["engagement_up"] == found["engagement_scoring_on"] == 1
    assert "engagement_last_run_duration_seconds" not in found  # there was none
    assert 0 <= found["engagement_last_run_age_seconds"] < 3600

    deployed.execute(
        "insert into crm.customer (display_name) select 'Ann' from generate_series(1, 3)"
    )
    deployed.execute("call engagement.recalculate()")
    deployed.execute("select engagement.set_parameter('TRIGGER_MODE', 'DEFERRED')")
    deployed.execute(
        "insert into crm.customer_attribute (customer_id, attribute_id, since)"
        " select c.customer_id, a.attribute_id, now() from crm.customer c, crm.attribute a"
    )
    deployed.execute("insert into crm.attribute values ('KIND', 'Kind')")
    deployed.execute(
        "insert into crm.customer_attribute (customer_id, attribute_id, since)"
        " select c.customer_id, 'KIND', now() from crm.customer c"
    )
    deployed.execute(
        "insert into engagement.scoring_failure (failed_at, source, sqlstate_code, message)"
        " values (now(), 'order_line', '22012', 'division by zero')"
    )
    deployed.execute(
        "insert into engagement.score_event (customer_id, event_type, score, occurred_at,"
        " created_at) select c.customer_id, 'BAND_UP', 1, now(), now() - interval '1 hour'"
        " from crm.customer c limit 1"
    )
    found = values(engagement(deployed, "metrics").stdout)
    assert (found["engagement_customers"], found["engagement_queue_keys"]) == (3, 3)
    assert found["engagement_queue_statements"] >= 1
    assert found["engagement_open_failures"] == found["engagement_events_waiting"] == 1
    assert 3600 <= found["engagement_event_age_seconds"] < 7200
    assert found["engagement_last_run_duration_seconds"] > 0
    assert found["engagement_ledger_bytes"] > 0
    assert found["engagement_dead_runs"] == found["engagement_followers"] == 0
    assert found["engagement_follow_lag_seconds"] > 0


def test_metrics_are_what_a_collector_of_text_files_reads(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    text = engagement(deployed, "metrics").stdout
    assert values(text, plain_text).keys() == values(text).keys()


def test_metrics_of_a_database_without_the_package_are_an_error(
    database: str, databases: Any, engagement: Callable[..., Any]
) -> None:
    result = engagement(databases.connect(database), "metrics")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("engagement: engagement scoring is not deployed")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("address", ["9187", "localhost:", "localhost:http", "localhost:70000"])
def test_metrics_listen_where_nobody_can_is_wrong_usage(
    deployed: Connection, engagement: Callable[..., Any], address: str
) -> None:
    assert engagement(deployed, "metrics", "--listen", address).exit_code == 2


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_metrics_served_until_a_signal_say_when_the_database_is_gone(
    deployed: Connection, ending: signal.Signals
) -> None:
    server = subprocess.Popen(
        [PROGRAM, "metrics", "--listen", "127.0.0.1:0"],
        env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr
    (url,) = re.findall(r"http://\S+", server.stderr.readline())

    def fetched() -> dict[str, float]:
        with urllib.request.urlopen(url) as response:
            return values(response.read().decode(), plain_text)

    assert fetched()["engagement_up"] == 1
    deployed.execute("alter schema engagement rename to engagement_gone")
    assert fetched() == fetched() == {"engagement_up": 0}
    assert "not deployed" in server.stderr.readline()
    deployed.execute("alter schema engagement_gone rename to engagement")
    assert fetched()["engagement_up"] == 1
    assert server.stderr.readline() == "the database answers again\n"
    server.send_signal(ending)
    server.communicate(timeout=PATIENCE)
    assert server.returncode == 0


def test_metrics_served_say_when_the_database_does_not_answer(
    deployed: Connection, second_session: Callable[..., Connection]
) -> None:
    server = subprocess.Popen(
        [PROGRAM, "metrics", "--listen", "[::1]:0"],
        env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr
    (url,) = re.findall(r"http://\[::1\]:\d+/metrics", server.stderr.readline())
    with second_session(deployed, autocommit=False) as blocker:
        blocker.execute("lock table engagement.customer_score in access exclusive mode")
        with urllib.request.urlopen(url) as response:
            assert values(response.read().decode(), plain_text) == {"engagement_up": 0}
    server.terminate()
    server.communicate(timeout=PATIENCE)


def described() -> set[str]:
    """The metrics that there are."""
    text = (TOP / "runner/engagement_runner/queries/status/metrics.sql").read_text()
    names = re.findall(r"^        \('(\w+)'", text, re.MULTILINE)
    return {"engagement_up", *(f"engagement_{name}" for name in names)}


@pytest.mark.parametrize("name", ["alerts.yml", "dashboard.json"])
def test_metrics_that_are_watched_are_there(name: str) -> None:
    text = (MONITORING / name).read_text()
    assert json.loads(text) if name.endswith("json") else yaml.safe_load(text)
    watched = set(re.findall(r"\bengagement_\w+", text))
    assert len(watched) > 8
    assert watched <= described()


def test_metrics_documented_are_those_that_there_are() -> None:
    page = (TOP / "docs/operations.md").read_text()
    assert set(re.findall(r"`(engagement_\w+)`[,| ]", page)) >= described()


@pytest.mark.skipif(not PROMTOOL, reason="no promtool: Debian's package prometheus has it")
@pytest.mark.parametrize("call", ["check rules alerts.yml", "test rules alerts_test.yml"])
def test_metrics_alerts_fire_when_they_should(call: str) -> None:
    done = subprocess.run(
        [str(PROMTOOL), *call.split()], cwd=MONITORING, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not PROMTOOL, reason="no promtool: Debian's package prometheus has it")
def test_metrics_are_as_promtool_wants_them(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    text = engagement(deployed, "metrics").stdout
    done = subprocess.run(
        [str(PROMTOOL), "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_metrics_dashboard_has_a_panel_for_each_question() -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert all(panel["title"] and panel["description"] for panel in dashboard["panels"])
