"""backtest against a real database: what SQL says, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]

RULES = """\
[[rule]]
rule_code = "BOOKS"
category_code = "PURCHASES_DONATIONS"
engagement_type = "PRODUCT_PURCHASE"
effective_when = "ORDER_CREATION"
amount_score = 1
"""

#: 60 people, of whom every second has bought a book in time; the first two thirds of them renew.
FATES = """
insert into crm.product values ('BOOK', 'PUBLICATION', 'A book');
insert into crm.customer (customer_id, display_name)
select crm.key_of(n), 'Somebody' from generate_series(1, 60) n;
insert into crm.sales_order (order_id, ordered_at)
select crm.key_of(n), '2025-01-10' from generate_series(2, 60, 2) n;
insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)
select crm.key_of(n), crm.key_of(n), 'BOOK', 1, n from generate_series(2, 60, 2) n;
select engagement.add_rule('BOOKS', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
                           p_quantity_score => 10);
create view engagement_host.fate as
select c.customer_id::engagement.host_key as customer_id,
       '2025-05-15 12:00+00'::timestamptz as decided_at,
       n % 6 <> 1 and (n % 2 = 0 or n % 3 = 0) as happened, n::numeric as value
from crm.customer c cross join lateral (select c.customer_id::bigint as n) k where n <= {people};
call engagement.register_outcome('FATE', 'engagement_host.fate', 'What became of them');
"""


@pytest.fixture
def fated(deployed: Connection) -> Connection:
    """A deployment with the outcome FATE of 60 people."""
    deployed.execute(FATES.format(people=60))
    deployed.execute("call engagement.recalculate()")
    return deployed


def test_backtest_prints_what_sql_says(fated: Connection, engagement: Callable[..., Any]) -> None:
    (expected,) = fated.execute("select engagement.backtest('FATE', '12 weeks')").fetchone() or ()
    shown = engagement(fated, "backtest", "FATE", "--lead", "12w", "--format", "json")
    assert json.loads(shown.stdout) == expected
    assert expected["is_conclusive"]
    text = engagement(fated, "backtest", "FATE", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["level"], row["code"]) for row in rows] == [
        *(("SCORE", "FATE"), ("GROUP", "4"), ("GROUP", "2")),
        *(("CATEGORY", "PURCHASES_DONATIONS"), ("RULE", "BOOKS")),
    ]
    assert float(rows[0]["auc"]) == expected["auc"]
    assert float(rows[1]["rate"]) == expected["groups"][0]["rate"]
    assert float(rows[-1]["adds"]) == expected["parts"][-1]["adds"]


def test_backtest_as_a_table_says_it_in_words(
    fated: Connection, engagement: Callable[..., Any]
) -> None:
    shown = engagement(fated, "backtest", "fate".upper())
    assert shown.exit_code == 0, shown.output
    table = shown.stdout
    assert "FATE: What became of them" in table
    assert "60 outcomes, 40 happened: 66.7%" in table
    assert "Higher scores came before it." in table
    assert [line.split()[0] for line in table.splitlines() if "100.0%" in line] == ["4"]
    assert "Rules on record" not in table


def test_backtest_with_rules_compares_and_changes_nothing(
    fated: Connection, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    before = fated.execute("select * from engagement.score_rule order by rule_id").fetchall()
    shown = engagement(fated, "backtest", "FATE", "--rules", str(file))
    assert shown.exit_code == 0, shown.output
    assert "as the rules given would have awarded" in shown.stdout
    assert "Rules on record" in shown.stdout
    # Of 29 people whose score differs, ten of the rarer kind cannot be expected.
    assert "Too few outcomes have another score to tell" in shown.stdout
    rows = list(
        csv.DictReader(
            io.StringIO(
                engagement(
                    fated, "backtest", "FATE", "--rules", "-", "--format", "csv", input=RULES
                ).stdout
            )
        )
    )
    assert [row["level"] for row in rows][:2] == ["SCORE", "AGAINST"]
    assert float(rows[0]["difference"]) == pytest.approx(
        float(rows[0]["auc"]) - float(rows[1]["auc"]), abs=2e-6
    )
    assert (
        fated.execute("select * from engagement.score_rule order by rule_id").fetchall() == before
    )


def test_backtest_in_a_narrow_terminal_cuts_no_number(
    fated: Connection, engagement: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for width in ("60", "80", "120"):
        monkeypatch.setenv("COLUMNS", width)
        shown = engagement(fated, "backtest", "FATE").stdout
        assert "…" not in shown
        assert "94.3%" in shown or "100.0%" in shown
        assert ("Average" in shown) == (width == "120")


def test_backtest_of_two_files_compares_them(
    fated: Connection, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    shown = engagement(fated, "backtest", "FATE", "--rules", str(file), "--against", str(file))
    assert shown.exit_code == 0, shown.output
    assert "Rules to compare with" in shown.stdout
    assert "difference +0.000 (+0.000 to +0.000)." in shown.stdout
    refused = engagement(fated, "backtest", "FATE", "--against", str(file))
    assert refused.exit_code == 1
    assert "EG004" in refused.stderr


def test_backtest_of_too_few_says_so(deployed: Connection, engagement: Callable[..., Any]) -> None:
    deployed.execute(FATES.format(people=30))
    shown = engagement(deployed, "backtest", "FATE", "--known")
    assert "Too few to tell: 20 happened, 10 did not. It takes 20 of either." in shown.stdout
    assert "Area under" not in shown.stdout
    assert "of what was on record then" in shown.stdout


def test_backtest_without_a_name_lists_the_outcomes(
    fated: Connection, engagement: Callable[..., Any]
) -> None:
    rows = json.loads(engagement(fated, "backtest", "--format", "json").stdout)
    assert [row["outcome"] for row in rows] == ["FATE", "RENEWAL"]
    assert "What became of them" in engagement(fated, "backtest").stdout


def test_backtest_names_rows_that_are_left_out(
    fated: Connection, engagement: Callable[..., Any]
) -> None:
    fated.execute(
        "create or replace view engagement_host.fate as select crm.key_of(1)::engagement.host_key"
        " as customer_id, '2999-01-01'::timestamptz as decided_at, true as happened,"
        " 1::numeric as value"
    )
    shown = engagement(fated, "backtest", "FATE").stdout
    assert "0 outcomes, 0 happened\n" in shown
    assert "Left out: 1 row, the outcome is known before it is decided" in shown
