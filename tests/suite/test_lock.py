"""The lock holds what pyproject.toml asks for, each version with the hashes of its files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
#: What `make` and the image install.
LOCKED = ["bench", "core", "demo", "dev", "docs"]


def locked(extra: str) -> dict[str, str]:
    """Version by name of what is in a lock."""
    text = (TOP / "locks" / f"{extra}.txt").read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry) for entry in entries)
    pairs = [re.match(r"([a-z0-9.-]+)==([^\s;]+)", entry) for entry in entries]
    assert all(pairs)
    found = {pair[1]: pair[2] for pair in pairs if pair}
    assert len(found) == len(entries)  # one version for every system and every Python
    return found


def required(extra: str) -> list[Requirement]:
    """What an extra asks for, with the extras of this project that it includes."""
    found = []
    for text in EXTRAS.get(extra, []):
        requirement = Requirement(text)
        if requirement.name == PROJECT["project"]["name"]:
            found += [r for included in requirement.extras for r in required(included)]
        else:
            found.append(requirement)
    return found


@pytest.mark.parametrize("extra", LOCKED)
def test_lock_has_what_is_required_in_a_version_that_is_allowed(extra: str) -> None:
    versions = locked(extra)
    builds = [*PROJECT["dependency-groups"]["build"], *PROJECT["build-system"]["requires"]]
    asked = [*map(Requirement, [*PROJECT["project"]["dependencies"], *builds]), *required(extra)]
    assert len(asked) > 8
    for requirement in asked:
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{requirement}: make lock KEEP=1"
        assert requirement.specifier.contains(versions[name]), f"{requirement}: make lock KEEP=1"


@pytest.mark.parametrize("extra", sorted(set(LOCKED) - {"dev"}))
def test_lock_of_a_part_is_of_the_same_versions_as_the_whole(extra: str) -> None:
    assert locked(extra).items() <= locked("dev").items()


def test_lock_of_every_extra_exists() -> None:
    assert (
        sorted([*EXTRAS, "core"]) == LOCKED == sorted(f.stem for f in (TOP / "locks").glob("*.txt"))
    )
