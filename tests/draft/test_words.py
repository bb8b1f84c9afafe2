"""Names in whatever style a host writes them."""

from __future__ import annotations

import pytest

from engagement_runner.draft.words import has, is_aside, last_of, words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orderLines", ("order", "line")),
        ("order_lines", ("order", "line")),
        ("OrderLine", ("order", "line")),
        ("ORDER_LINE", ("order", "line")),
        ("order line-2", ("order", "line", "2")),
        ("pretixbase_orderposition", ("pretixbase", "orderposition")),
        ("HTTPStatus", ("http", "status")),
        ("categories", ("category",)),
        ("addresses", ("address",)),
        ("statuses", ("status",)),
        ("order_stats", ("order", "statistic")),
        ("order_stat", ("order", "status")),
        ("npsp__primary_contact__c", ("npsp", "primary", "contact")),
        ("people", ("people",)),
        ("größe", ("größe",)),
        ("", ()),
    ],
)
def test_words_of_a_name(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


def test_vocabulary_knows_words_written_in_one() -> None:
    assert has(("orderposition",), {"position"})
    assert not has(("position",), {"ion"})
    assert last_of(("crm", "lineitem"), {"item", "lineitem"}) == "lineitem"
    assert last_of((), {"item"}) is None


def test_aside_is_a_word_its_begin_or_its_end() -> None:
    assert is_aside(("cartposition",))
    assert is_aside(("weblog", "entry"), ()) is False
    assert is_aside(("audit", "entry"))
    assert not is_aside(("order", "line"))
