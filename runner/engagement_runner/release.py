"""The release: a number that grows with every change of the SQL files, so that it orders them.

The file ``sql/RELEASE`` holds the number, and a checksum of the files that the number was given to.
While files are edited the number stays, so a checkout deploys over itself. ``make release`` moves
the number when the files are done. After a merge of two branches the file has the lines of both;
the higher number counts until ``make release`` moves it again.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from engagement_runner import files

_NUMBER = re.compile(r"^release (\d+)$", re.MULTILINE)
_CHECKSUM = re.compile(r"^files ([0-9a-f]{64})$", re.MULTILINE)


def number(top: Path) -> int | None:
    """Return the number of the package's release, or None where a package has none."""
    found = [int(text) for text in _NUMBER.findall(_read(top))]
    return max(found, default=None)


def fits(top: Path) -> bool:
    """Tell whether the package's files are those that its number was given to."""
    text = _read(top)
    return len(_NUMBER.findall(text)) == 1 and _CHECKSUM.findall(text) == [checksum(top)]


def checksum(top: Path) -> str:
    """Return the SHA-256 of the paths and texts of all SQL files; line ends do not count."""
    digest = hashlib.sha256()
    for path, text in files.package_files(top):
        digest.update(f"{path}\0{hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    return digest.hexdigest()


def move(top: Path) -> int:
    """Give the files the next number, unless they are those that the present one was given to.

    Returns the number that they have then.
    """
    present = number(top) or 0
    if present and fits(top):
        return present
    (top / files.RELEASE).write_text(f"release {present + 1}\nfiles {checksum(top)}\n", "utf-8")
    return present + 1


def _read(top: Path) -> str:
    path = top / files.RELEASE
    return path.read_text("utf-8-sig") if path.is_file() else ""


if __name__ == "__main__":
    print(f"release {move(files.root())}")
