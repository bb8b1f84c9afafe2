"""What happens in Tryton, through its own models, and the points that a person would expect of it.

The prices are 450 for a place at an event, 80 for a book, 120 for a membership; see conftest.RULES.
"""

from __future__ import annotations

from .conftest import Tryton, day

ORDERED_EVENT = 10000 + 45
ORDERED_BOOK = 8


def test_sale_from_draft_to_cancelled(scored: Tryton) -> None:
    ada = scored("party", name="Ada")
    sale = scored("sale", party=ada, lines=[["Event", 1], ["Book", 2], "no goods"], on=day(3, 1))
    scored.expect({ada: 0})
    scored("set_quantity", sale=sale, position=1, quantity=3)
    scored("add_line", sale=sale, name="Membership", quantity=1)
    scored("remove_line", sale=sale, position=3)
    scored.expect({ada: 0})
    scored("quote", sale=sale)
    scored.expect({ada: 0})
    scored("confirm", sale=sale)
    scored.expect({ada: ORDERED_EVENT + 3 * ORDERED_BOOK})
    scored("set_description", sale=sale, text="changes nothing that counts")
    scored.expect({ada: ORDERED_EVENT + 3 * ORDERED_BOOK})
    declined = scored("sale", party=ada, lines=[["Event", 1]])
    scored("quote", sale=declined)
    scored("cancel_sale", sale=declined)
    scored.expect({ada: ORDERED_EVENT + 3 * ORDERED_BOOK})
