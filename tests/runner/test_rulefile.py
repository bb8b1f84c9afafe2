"""Rules as TOML: what is written is read back as the same JSON."""

import json
import tomllib
from decimal import Decimal

import pytest

from engagement_runner import rulefile
from engagement_runner.errors import EngagementError

RULE = {
    "flat_score": Decimal("2.50"),
    "rule_code": "BOOKS",
    "subject_id": 'quotes " \\ \n tab \t del \x7f esc \x1b and ünïcode 💠',
    "valid_for_weeks": 8,
    "amount_score": Decimal("0.000000000000000000000001"),
    "quantity_score": Decimal("123456789012345678901234567890.5"),
    "applies_from": "2026-01-01T00:00:00+00:00",
    "applies_until": "infinity",
    "retired": False,
}


def test_dump_every_kind_of_value_parses_to_the_same() -> None:
    text = rulefile.dump([RULE, {"rule_code": "OTHER"}])
    parsed = json.loads(rulefile.parse(text.encode(), "rules.toml"), parse_float=Decimal)
    assert parsed == [RULE, {"rule_code": "OTHER"}]


def test_dump_instant_is_a_toml_instant() -> None:
    rule = tomllib.loads(rulefile.dump([RULE]))["rule"][0]
    assert rule["applies_from"].isoformat() == "2026-01-01T00:00:00+00:00"


def test_dump_whole_decimal_stays_a_number() -> None:
    text = rulefile.dump([{"rule_code": "A", "flat_score": Decimal("1E+3")}])
    assert json.loads(rulefile.parse(text.encode(), "f")) == [
        {"rule_code": "A", "flat_score": 1000.0}
    ]


def test_dump_no_rules_parses_to_an_empty_list() -> None:
    assert rulefile.parse(rulefile.dump([]).encode(), "f") == "[]"


def test_dump_unknown_kind_of_value_is_refused() -> None:
    with pytest.raises(TypeError):
        rulefile.dump([{"rule_code": None}])


@pytest.mark.parametrize(
    "content",
    [
        b"[[rule]]\nrule_code = ",
        b"\xff\xfe",
        b"[rule]\nrule_code = 'A'",
        b"title = 'A'",
        b"[[rule]]\nflat_score = nan",
        b"[[rule]]\nflat_score = inf",
    ],
)
def test_parse_what_is_not_a_file_of_rules_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(EngagementError, match=r"rules\.toml"):
        rulefile.parse(content, "rules.toml")
