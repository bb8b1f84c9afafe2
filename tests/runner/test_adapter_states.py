"""adapter check on the states of a host: which values count, and when a row got them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]


@pytest.fixture
def states(shop: Connection) -> Connection:
    """The shop with a state for each deal: two are done, one is a draft, one a quotation."""
    shop.execute(
        """
        alter table shop.deal add column state text default 'done';
        insert into shop.deal values
            (13, 1, 'book', 1, '2025-01-01', 'draft'), (14, 1, 'book', 1, '2025-01-01', 'quotation')
        """
    )
    return shop


@pytest.fixture
def asked(
    engagement: Callable[..., Any], write: Callable[..., str]
) -> Callable[..., list[dict[str, Any]]]:
    """``asked(session, (old, new), …)``: hints of a check of the adapter with replacements."""

    def get(session: Connection, *replacements: tuple[str, str]) -> list[dict[str, Any]]:
        result = engagement(session, "adapter", "check", write(*replacements), "--format", "json")
        assert result.exit_code == 0, result.output
        hints = json.loads(result.stdout)["findings"]
        assert all(hint["hint"].endswith(";") for hint in hints)
        return list(hints)

    return get


def where(condition: str) -> tuple[str, str]:
    """What makes the view of the deals show those of a condition."""
    return "from shop.deal;", f"from shop.deal where {condition};"


def test_adapter_check_asks_about_each_value_that_is_in_no_list(
    states: Connection, asked: Callable[..., list[dict[str, Any]]]
) -> None:
    hints = asked(states, where("state in ('done', 'sent')"))
    keys = ("severity", "place", "finding", "row_count", "example")
    finding = "deal.state: '{}' occurs in 25 % of rows and is in no list: does it count?"
    assert [tuple(h[key] for key in keys) for h in hints] == [
        ("hint", "deal", finding.format(state), 1, state) for state in ("draft", "quotation")
    ]
    statement = hints[0]["hint"][hints[0]["hint"].index("select ") :]
    assert states.execute(statement.encode()).fetchall()[0] == ("done", 2)


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ("", "state = 'done'"),
        ("", "lower(state) = 'done'"),
        ("", "state <> 'done'"),
        ("", "case state when 'done' then true else false end"),
        ("", "coalesce(state, 'done') like 'done'"),
        ("alter table shop.deal alter column state type varchar(20)", "state in ('done', 'sent')"),
        ("create type shop.deal_state as enum ('draft', 'quotation', 'done');"
         " alter table shop.deal alter column state drop default,"
         " alter column state type shop.deal_state using state::shop.deal_state",
         "state in ('done')"),
        ('alter table shop.deal rename column state to "dealState"', "\"dealState\" = 'done'"),
        ("alter table shop.deal rename column state to progress", "progress in ('done', 'sent')"),
        ("analyze shop.deal", "state = 'done'"),
    ],
)  # fmt: skip
def test_adapter_check_asks_however_the_view_names_the_states(
    states: Connection,
    asked: Callable[..., list[dict[str, Any]]],
    change: str,
    condition: str,
) -> None:
    states.execute(change.encode() or b"select")
    hints = asked(states, where(condition))
    assert [h["example"] for h in hints] == ["draft", "quotation"]


def test_adapter_check_asks_about_states_that_are_numbers(
    states: Connection, asked: Callable[..., list[dict[str, Any]]]
) -> None:
    states.execute(
        "alter table shop.deal add column status_id integer;"
        " update shop.deal set status_id = deal_id % 4"
    )
    assert [h["example"] for h in asked(states, where("status_id in (1, 3)"))] == ["0", "2"]
    assert [h["example"] for h in asked(states, where("status_id = 1"))] == ["0", "2", "3"]


def test_adapter_check_asks_about_the_states_of_a_view_of_the_host(
    states: Connection, asked: Callable[..., list[dict[str, Any]]]
) -> None:
    states.execute("create view shop.done_deal as select * from shop.deal where state = 'done'")
    hints = asked(states, ("from shop.deal;", "from shop.done_deal;"))
    assert [h["example"] for h in hints] == ["draft", "quotation"]


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ("", where("state in ('done', 'draft', 'quotation')")),
        # The author knows of them, in another view or in a comment.
        ("", ("-- A comment", "-- Neither 'draft' nor 'quotation' counts")),
        # No view reads the state; it has no list; nothing of it is in a list.
        ("", where("amount > 0")),
        ("", where("state is not null")),
        ("", where("state <> 'gone'")),
        # The column is no state.
        ("alter table shop.deal rename column state to remark", where("remark = 'done'")),
        # It has too many values, with statistics and without.
        ("insert into shop.deal select g, 1, 'book', 1, '2025-01-01', 'x' || g"
         " from generate_series(100, 200) g", where("state = 'done'")),
        ("insert into shop.deal select g, 1, 'book', 1, '2025-01-01', 'x' || g"
         " from generate_series(100, 200) g; analyze shop.deal", where("state = 'done'")),
    ],
)  # fmt: skip
def test_adapter_check_does_not_ask_about_what_is_no_list_of_states(
    states: Connection,
    asked: Callable[..., list[dict[str, Any]]],
    change: str,
    replaced: tuple[str, str],
) -> None:
    states.execute(change.encode() or b"select")
    is_comment = replaced[0].startswith("--")
    assert asked(states, replaced, *[where("state = 'done'")] * is_comment) == []


HISTORY = """
create table shop.deal_step (
    step_id integer primary key, deal_id bigint references shop.deal, state text, entered_on date
);
insert into shop.deal_step values
    (1, 11, 'draft', '2024-01-01'), (2, 11, 'done', '2024-01-05'), (3, 12, 'done', '2025-01-01')
"""


def test_adapter_check_names_a_table_that_keeps_when_a_state_was_entered(
    states: Connection, asked: Callable[..., list[dict[str, Any]]]
) -> None:
    states.execute(HISTORY)
    told = asked(states, where("state in ('done', 'draft', 'quotation')"))
    assert [(h["place"], h["finding"]) for h in told] == [
        ("deal", "deal_step.entered_on may say when a row of deal got its state")
    ]
    statement = told[0]["hint"][told[0]["hint"].index("select ") :]
    assert states.execute(statement.encode()).fetchone()


@pytest.mark.parametrize(
    "change",
    [
        "delete from shop.deal_step where step_id = 1",  # no row has had two states
        "update shop.deal_step set state = 'step ' || step_id",  # states of something else
        "alter table shop.deal_step drop column entered_on",
        "alter table shop.deal_step drop constraint deal_step_deal_id_fkey",
    ],
)
def test_adapter_check_names_no_table_that_is_no_history_of_the_state(
    states: Connection, asked: Callable[..., list[dict[str, Any]]], change: str
) -> None:
    states.execute(HISTORY)
    states.execute(change.encode())
    assert asked(states, where("state in ('done', 'draft', 'quotation')")) == []
