"""What the database refuses: one line with its SQLSTATE, exit code 1, and nothing is changed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from .conftest import People

#: A command line, and the SQLSTATE that it ends with. ADA and BOB stand for their keys.
REFUSED = {
    "score 987654321": "EG001",
    "score 987654321 --format json": "EG001",
    "score 987654321 --format csv": "EG001",
    "score ada": "EG001",
    "score ADA --as-of 'next fryday'": "22007",
    "explain-change ADA --from 2026-02-01 --to 2026-01-01": "EG004",
    "explain-change ADA --from 'next fryday'": "22007",
    "explain-change 987654321 --from 2026-01-01": "EG001",
    "refresh 987654321": "EG001",
    "recalculate --customer 987654321": "EG001",
    "verify --sample many": "22P02",
    "verify --sample 0": "EG004",
    "verify --sample 101%": "EG004",
    "verify --from 2 --to 1": "EG004",
    "verify --from ada": "22P02",
    "verify --from ada --batch 1": "22P02",
    "verify --sample 0 --batch 1": "EG004",
    "adjust BOB 0 --reason why": "EG004",
    "adjust BOB NaN --reason why": "EG004",
    "adjust BOB -Infinity --reason why": "EG004",
    "adjust BOB 5 --reason '  '": "EG004",
    "adjust BOB 5 --reason why --expires-at 2001-01-01": "EG004",
    "adjust 987654321 5 --reason why": "EG001",
    "adjust BOB many --reason why": "22P02",
    "employers 987654321": "EG001",
    "employers ADA --on 2025-02-30": "22008",
    "trend 987654321": "EG001",
    "trend ADA --from 2025-02-01 --to 2025-01-01": "EG004",
    "trend ADA --step '0 days'": "EG004",
    "trend ADA --step '1 second'": "EG004",
    "trend ADA --step often": "22007",
    "forecast 987654321": "EG001",
    "forecast ADA --weeks 0": "EG004",
    "forecast ADA --weeks 4,,8": "22P02",
    "forecast ADA --weeks many": "22P02",
    "export 987654321": "EG001",
    "erase 987654321": "EG001",
    "erase 987654321 --yes": "EG001",
    "customer merge ADA ADA": "EG016",
    "customer merge 987654321 ADA": "EG001",
    "customer merge ADA 987654321": "EG001",
    "customer unmerge ADA BOB": "EG016",
    "segment no_such": "EG011",
    "at-risk --weeks 0": "EG004",
    "at-risk --weeks many": "22P02",
    "at-risk --fall 0": "EG004",
    "at-risk --fall many": "22P02",
    "points --segment no_such": "EG011",
    "points --company 987654321": "EG001",
    "points --from 2025-02-01 --to 2025-01-01": "EG004",
    "points --from 'next fryday'": "22007",
    "backtest NO_SUCH": "EG017",
    "backtest RENEWAL --lead often": "22007",
    "backtest RENEWAL --lead -1d": "EG004",
    "backtest RENEWAL --segment no_such": "EG011",
    "backtest RENEWAL --from 2025-02-01 --to 2025-01-01": "EG004",
    "backtest RENEWAL --rules starter --known": "EG004",
    "social add 987654321 BLOG --score 1": "EG001",
    "social add ada BLOG --score 1": "EG001",
    "social add BOB BLOG --score 1": "EG012",
    "social add BOB FORUM --score many": "EG004",
    "social add BOB FORUM --score NaN": "EG004",
    "social add BOB FORUM --score 1 --ends-at 2001-01-01": "EG004",
    "social add BOB FORUM --score 1 --scored-at 'next fryday'": "EG004",
    "social edit BOB FORUM --score 1": "EG012",
    "social edit BOB BLOG --score Infinity": "EG004",
    "social remove BOB FORUM": "EG012",
    "social list 987654321": "EG001",
    "rules add BOOKS INVOLVEMENT COMMITTEE_PARTICIPATION": "EG010",
    "rules add NEW NOWHERE COMMITTEE_PARTICIPATION": "EG005",
    "rules add NEW INVOLVEMENT PRODUCT_PURCHASE": "EG005",
    "rules add NEW INVOLVEMENT COMMITTEE_PARTICIPATION --valid-for-weeks=-1": "EG004",
    "rules add NEW INVOLVEMENT COMMITTEE_PARTICIPATION --flat-score many": "22P02",
    "rules revise NOSUCH --flat-score 1": "EG002",
    "rules revise BOOKS --cap-points 50": "EG004",
    "rules revise BOOKS --cap-points 5 --cap-period DECADE": "EG004",
    "rules revise BOOKS --half-life-weeks 0": "EG004",
    "rules revise BOOKS --inactivity-steps 12:50,6:25": "EG004",
    "categories set DONOR --inactivity-steps 12:101": "EG004",
    "rules retire NOSUCH": "EG002",
    "rules revise NOSUCH --flat-score 1 --preview": "EG002",
    "rules revise BOOKS --cap-points 5 --preview": "EG004",
    "rules retire NOSUCH --preview": "EG002",
    "rules apply - --preview": "EG005",
    "params get NOSUCH": "EG003",
    "params set NOSUCH 1": "EG003",
    "params set SCORE_DECIMALS many": "EG004",
    "params set TIME_ZONE Mars/Olympus": "EG004",
    "params set LOCALE English": "EG004",
}

#: What a command reads that reads stdin: a rule of a category that does not exist.
RULES = """
[[rule]]
rule_code = 'SECOND'
category_code = 'NOWHERE'
engagement_type = 'COMMITTEE_PARTICIPATION'
"""

#: What a command could have changed.
TABLES = (
    "app_parameter", "award", "customer_merge", "customer_score", "score_adjustment",
    "score_rule", "setup_change", "social_score",
)  # fmt: skip

#: A line of progress in a log.
PROGRESS = re.compile(r"\d\d:\d\d:\d\d [A-Z]+: ")


def everything(connection: psycopg.Connection[Any]) -> list[Any]:
    return [
        connection.execute(
            f"select t::text from engagement.{table} t order by 1".encode()
        ).fetchall()
        for table in TABLES
    ]


@pytest.mark.parametrize("line", REFUSED)
def test_bad_input_is_one_line_with_its_sqlstate_and_changes_nothing(
    deployed: psycopg.Connection[Any],
    association: People,
    engagement: Callable[..., Any],
    line: str,
) -> None:
    deployed.execute(
        "select engagement.set_social_score(%s, 'BLOG', p_changes => '{\"score\": 4}',"
        " p_is_new => true)",
        (association.bob,),
    )
    before = everything(deployed)
    people = {"ADA": str(association.ada), "BOB": str(association.bob)}
    result = engagement(deployed, *(people.get(w, w) for w in shlex.split(line)), input=RULES)
    assert (result.exit_code, result.stdout) == (1, "")
    (error,) = [text for text in result.stderr.splitlines() if not PROGRESS.match(text)]
    assert error.startswith(f"engagement: ERROR {REFUSED[line]}: ")
    assert "(hint: " in error
    assert "until then" not in error
    assert everything(deployed) == before
