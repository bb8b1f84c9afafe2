"""What a draft makes of Tendenci's catalogue, beside the adapter that was written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from draft.measure import Expected, draft_of, measure

from .host import Driver
from .test_adapter import pass_years

CHOICES: Expected = {}


def test_draft_beside_the_adapter_written_by_hand(
    unscored: tuple[str, Driver, Any], databases: Any
) -> None:
    dsn, acts, keys = unscored
    pass_years(acts, keys)
    session = databases.connect(dsn)
    session.execute("analyze")
    draft = draft_of(session)
    Path("/tmp/sp/tendenci.sql").write_text(draft.text)
    found = measure(draft, "auth_user", CHOICES)
    assert not found.wrong, found
