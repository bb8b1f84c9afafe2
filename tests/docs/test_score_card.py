"""The JSON Schema of the score card describes every card of the sample association."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import psycopg
import pytest

from docs.pages import TOP

SCHEMA = json.loads((TOP / "docs/score-card.schema.json").read_text())

#: What programs rely on. Within a major version nothing leaves these lists.
PROMISED = {
    "card": "customer_id display_name customer_type score own_score employee_score raised_recently"
    " raised_by raised_at previous_score changed_at calculated_at rules_pending changes_waiting"
    " waiting_since band_code percentile categories trend",
    "company": "employee_ytd_score employee_overview_score employee_count engaged_count"
    " participation_rate average_score",
    "category": "category_code category_name score counted_score employee_score percentile"
    " band_code ytd_score overview_score rules",
    "rule": "rule_code description score ytd_score overview_score award_count",
}


def closed(part: Any) -> Any:
    """A schema that allows no property that it does not describe."""
    if isinstance(part, dict):
        made = {key: closed(value) for key, value in part.items()}
        if made.get("type") == "object" and "properties" in made:
            made["additionalProperties"] = False
        return made
    return [closed(value) for value in part] if isinstance(part, list) else part


def test_schema_is_one_and_describes_every_property() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for shape in (SCHEMA, *SCHEMA["$defs"].values()):
        assert all(value["description"].endswith(".") for value in shape["properties"].values())


def test_schema_keeps_what_it_promised() -> None:
    for part, required in {
        "card": SCHEMA["required"],
        "company": SCHEMA["then"]["required"],
        "category": SCHEMA["$defs"]["category"]["required"],
        "rule": SCHEMA["$defs"]["rule"]["required"],
    }.items():
        assert set(required) >= set(PROMISED[part].split())


@pytest.mark.slow
def test_schema_describes_every_card_of_the_sample(sample_template: str, databases: Any) -> None:
    validator = jsonschema.Draft202012Validator(
        closed(SCHEMA), format_checker=jsonschema.FormatChecker()
    )
    with psycopg.connect(databases.create(sample_template)) as session:
        cards = session.execute(
            "select engagement.score_card(c.customer_id) from crm.customer c"
        ).fetchall()
    assert len(cards) > 2000
    assert {card["customer_type"] for (card,) in cards} == {"INDIVIDUAL", "COMPANY"}
    for (card,) in cards:
        validator.validate(card)


@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_schema_describes_cards_without_points_and_of_nobody(
    deployed_as: Any, key_type: str
) -> None:
    session = deployed_as(key_type)
    session.execute("insert into crm.customer (display_name) values ('Ann')")
    session.execute("call engagement.recalculate()")
    (card,) = session.execute(
        "select engagement.score_card(c.customer_id) from crm.customer c"
    ).fetchone()
    jsonschema.validate(card, closed(SCHEMA))
    session.execute("delete from crm.customer")
    (card,) = session.execute(
        "select engagement.score_card(s.customer_id) from engagement.customer_score s"
    ).fetchone()
    assert card["display_name"] is None
    jsonschema.validate(card, closed(SCHEMA))
