"""What says that the planner inlines it is inlined: a call that stays costs ten times as much."""

from __future__ import annotations

import re
from typing import Any, LiteralString, cast

import psycopg
import pytest

from catalog.texts import routines

Connection = psycopg.Connection[Any]

INLINED = sorted(
    file.object_name
    for file in routines()
    if re.search(r"[Ii]nlined\s+by\s+the\s+planner", re.sub(r"\n--", "", file.text))
    and not file.path.startswith("procedures/cluster/")
)


def test_inlining_is_promised_somewhere() -> None:
    assert {"subject_pair", "earn", "awards_of_activities", "is_instant"} <= set(INLINED)


@pytest.mark.parametrize("name", INLINED)
def test_inlining_leaves_no_call(deployed: Connection, name: str) -> None:
    row = deployed.execute(
        "select p.proretset, array(select format_type(t, null)"
        " from unnest(p.proargtypes::oid[]) with ordinality u (t, n) order by u.n)"
        " from pg_proc p where p.pronamespace = 'engagement'::regnamespace and p.proname = %s",
        (name,),
    ).fetchone()
    assert row
    returns_set, types = row
    if returns_set:
        arguments = ", ".join(f"null::{type_}" for type_ in types)
        query = f"select * from engagement.{name}({arguments})"
    else:
        # Columns, because constants would be computed by the planner.
        columns = ", ".join(f"null::{type_} as c{n}" for n, type_ in enumerate(types))
        arguments = ", ".join(f"c.c{n}" for n in range(len(types)))
        query = f"select engagement.{name}({arguments}) from (select {columns} offset 0) c"
    plan = "\n".join(
        line for (line,) in deployed.execute(cast(LiteralString, f"explain (verbose) {query}"))
    )
    assert f"{name}(" not in plan and f"Function Scan on engagement.{name}" not in plan, plan
