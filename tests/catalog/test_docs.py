"""What the pages in docs/ quote is there."""

from __future__ import annotations

import re

from engagement_runner import files


def quotes(page: str) -> list[str]:
    """The SQL on a page that is part of an adapter."""
    blocks = re.findall(r"^```sql\n(.*?)^```", page, re.M | re.S)
    return [block for block in blocks if re.match(r"create|call|\s", block)]


def test_page_about_adapters_quotes_tryton_as_it_is() -> None:
    page = (files.root() / "docs/write-an-adapter.md").read_text()
    adapter = (files.root() / files.HOSTS / "tryton.sql").read_text()
    found = quotes(page)
    assert len(found) > 4
    for quote in found:
        assert quote.strip("\n") in adapter
