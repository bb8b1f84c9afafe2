"""The rooms of the engine: every routine lies in one, and calls run one way.

A room is a sub-folder of procedures/ or triggers/. A routine may call routines of its own room and
of the rooms before it in ROOMS. Only the room CLUSTER may call every room and be called from
every room.

What counts as a call is ``engagement.NAME``, where NAME is declared by a file of a room. A mention
inside a string counts as well, because the string may be SQL that is executed. Three things do not
count: comments, COMMENT ON, and strings for people. A string for people is the text of a ``raise``,
or what is assigned to ``hint``, ``detail`` or ``message``. Routines that registration generates are
declared by no file, so calls of them are not seen.
"""

from __future__ import annotations

import re
from pathlib import Path

from catalog.texts import FOR_PEOPLE, LITERALS, routines
from engagement_runner import files
from engagement_runner.files import SqlFile

#: The rooms in their order. Those of one line may call each other.
ROOMS = (
    {"procedures/guard"},
    {"procedures/award"},
    {"procedures/setup"},
    {"procedures/sources", "triggers/capture"},
    {"procedures/score"},
    {"procedures/rank"},
    {"procedures/merge"},
    {"procedures/run"},
    {"procedures/customer"},
    {"procedures/everybody"},
    {"procedures/input"},
    {"triggers/own"},
    {"procedures/preview"},
    {"procedures/backtest"},
    {"procedures/verify"},
    {"procedures/person"},
)
CLUSTER = "procedures/cluster"
PLACES = {room: place for place, rooms in enumerate(ROOMS) for room in rooms}

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMENT_ON = re.compile(rf"^comment on [^;']*?\bis{LITERALS};", re.MULTILINE | re.DOTALL)


def room(file: SqlFile) -> str:
    return Path(file.path).parent.as_posix()


def calls(text: str) -> set[str]:
    """Names that a file mentions as ``engagement.NAME`` where it may call them."""
    for unheard in (_COMMENT, _COMMENT_ON, FOR_PEOPLE):
        text = unheard.sub(" ", text)
    return set(re.findall(r"\bengagement\.(\w+)", text))


def calls_backwards(found: list[SqlFile]) -> list[str]:
    """Calls of a routine in a later room, one line each."""
    placed = [file for file in found if room(file) in PLACES]
    rooms = {file.object_name: room(file) for file in placed}
    return [
        f"{file.path} calls {name} of {rooms[name]}"
        for file in placed
        for name in sorted(calls(file.text) & rooms.keys())
        if PLACES[rooms[name]] > PLACES[room(file)]
    ]


def test_rooms_every_routine_lies_in_one() -> None:
    assert [file.path for file in routines() if room(file) not in {*PLACES, CLUSTER}] == []


def test_rooms_every_room_is_there() -> None:
    assert {room(file) for file in routines()} == {*PLACES, CLUSTER}


def test_rooms_are_described_in_their_order() -> None:
    page = (files.root() / "CONTRIBUTING.md").read_text()
    described = re.findall(r"^\| `(\w+/\w+)/` \|", page, re.MULTILINE)
    assert set(described) == {*PLACES, CLUSTER}
    places = [PLACES.get(name, len(ROOMS)) for name in described]
    assert places == sorted(places)


def test_rooms_calls_run_one_way() -> None:
    assert calls_backwards(routines()) == []


def test_rooms_call_of_a_later_room_is_found() -> None:
    found = routines()
    (first,) = [file for file in found if file.object_name == "check_instant"]
    for call in ("perform engagement.verify();", "execute 'select engagement.verify()';"):
        changed = SqlFile(first.path, first.kind, first.text.replace("begin\n", f"begin\n{call}\n"))
        assert changed.text != first.text
        assert calls_backwards([file for file in found if file is not first] + [changed]) == [
            "procedures/guard/check_instant.sql calls verify of procedures/verify"
        ]


def test_rooms_text_for_people_is_no_call() -> None:
    text = """-- Reads: engagement.a.
        /* engagement.b */
        raise exception 'call engagement.c'
            using detail = format('of %s', engagement.called(1)),
                  hint = 'call engagement.d() ''now'', or '
                         'engagement.e';
        hint := 'engagement.f';
        execute 'select engagement.executed()';
comment on function engagement.g(text) is
    'see engagement.h; and '
    'engagement.i';
"""
    assert calls(text) == {"called", "executed"}


def test_grants_stand_in_the_order_of_the_rooms() -> None:
    rooms = {file.object_name: room(file) for file in routines()}
    places = {**PLACES, CLUSTER: len(ROOMS)}
    (roles,) = files.roles(files.root())
    lists = re.findall(r"^grant execute on routine\n(.*?)\nto ", roles.text, re.M | re.S)
    assert lists
    for text in lists:
        headed = re.findall(r"^    (?:-- (\w+)|engagement\.(\w+),?)$", text, re.MULTILINE)
        assert len(headed) == len(text.splitlines())
        heading, found = "", []
        for head, name in headed:
            heading = head or heading
            if name in rooms:
                assert Path(rooms[name]).name == heading, name
                found.append(places[rooms[name]])
        assert found == sorted(found)
