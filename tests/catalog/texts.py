"""The files of routines, and which strings in them are for people."""

from __future__ import annotations

import re

from engagement_runner import files
from engagement_runner.files import SqlFile

LITERALS = r"\s*(?:'(?:[^']|'')*'\s*)+"
"""One string, or several that follow each other."""

FOR_PEOPLE = re.compile(
    r"(?:\braise\s+(?:debug|log|info|notice|warning|exception)|\b(?:hint|detail|message)\s*:?=)"
    + LITERALS
)
"""The text of a ``raise``, or what is assigned to ``hint``, ``detail`` or ``message``."""


def routines() -> list[SqlFile]:
    """The files of procedures/ and triggers/."""
    found = files.repeatables(files.root())
    return [file for file in found if file.kind in ("routine", "trigger")]
