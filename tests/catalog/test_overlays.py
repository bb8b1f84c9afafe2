"""Overlays: what a cluster has in the place of other routines.

Only the room of the cluster knows whether the database is one. An overlay is the same routine to
whoever calls it: signature, rights and comment do not change with it.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from catalog.test_rooms import CLUSTER, room
from catalog.texts import routines
from engagement_runner import files

Connection = psycopg.Connection[Any]

OVERLAYS = {file.object_name: file for file in files.overlays(files.root())}

#: What a caller sees of a routine.
_FACE = """
select p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile,
       p.prosecdef, p.proretset, p.proparallel, coalesce(p.proacl::text, ''), p.prokind,
       array(select s from unnest(p.proconfig) s
             where s !~ '^(plan_cache_mode|enable_|jit)' and s ~ '^(search_path|timezone|row_sec)'
                   and p.prosecdef)
from pg_proc p
where p.pronamespace = 'engagement'::regnamespace and p.proname = any (%s)
order by 1, 2
"""


def test_only_the_room_of_the_cluster_asks_whether_there_is_one() -> None:
    found = [
        file.path for file in routines() if room(file) != CLUSTER and "is_distributed" in file.text
    ]
    assert found == []


def test_overlays_are_there_and_lie_in_the_room_of_the_cluster() -> None:
    assert len(OVERLAYS) > 10
    assert {room(file) for file in OVERLAYS.values()} == {CLUSTER}


@pytest.mark.parametrize("name", OVERLAYS)
def test_header_of_an_overlay_says_what_it_is(name: str) -> None:
    assert re.match(r"-- Internal\. Overlay[.:] \S", OVERLAYS[name].text)


def test_overlay_has_the_face_of_what_it_replaces(
    deployed: Connection, overlaid: Connection
) -> None:
    names = [*OVERLAYS]
    found = overlaid.execute(_FACE, (names,)).fetchall()
    assert len(found) == len(OVERLAYS)
    assert found == deployed.execute(_FACE, (names,)).fetchall()


def test_overlays_have_comments_of_internal_routines(overlaid: Connection) -> None:
    found = overlaid.execute(
        "select proname from pg_proc where pronamespace = 'engagement'::regnamespace"
        " and proname = any (%s) and obj_description(oid, 'pg_proc') like 'Internal: %%'",
        ([*OVERLAYS],),
    ).fetchall()
    assert {name for (name,) in found} == OVERLAYS.keys()


def test_overlay_keeps_no_plan_that_a_cluster_cannot_make(overlaid: Connection) -> None:
    """Citus finds the shards by the values, so no plan serves all values."""
    found = overlaid.execute(
        """
        select p.oid::regproc::text from pg_proc p
        where p.pronamespace = 'engagement'::regnamespace
              and 'plan_cache_mode=force_generic_plan' = any (p.proconfig)
              and p.prosrc ~* '(from|join|into|update) engagement\\.(award|\\w+_score)\\M'
        """
    ).fetchall()
    assert found == []
