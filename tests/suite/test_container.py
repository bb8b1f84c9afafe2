"""The image runs commands that there are. `make lint` checks its file; a builder builds it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from engagement_runner.cli import main

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "docs/container"


def builder() -> str | None:
    """A program that builds images here and now."""
    for name in ("podman", "docker", "buildah"):
        if (
            shutil.which(name)
            and subprocess.run([name, "info"], capture_output=True).returncode == 0
        ):
            return name
    return None


def test_image_copies_files_that_are_there() -> None:
    text = (FOLDER / "Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
    assert copied
    assert all((TOP / name).exists() for name in copied)
    ignored = (TOP / ".containerignore").read_text().split()
    assert {"tests", ".git"} <= set(ignored)
    assert not {"runner", "sql", "locks", "README.md", "LICENSE"} & set(ignored)


def test_image_is_called_with_commands_that_there_are() -> None:
    documents = list(yaml.safe_load_all((FOLDER / "kubernetes.yml").read_text()))

    def containers(part: Any) -> list[Any]:
        if isinstance(part, dict):
            found = [c for key, value in part.items() if key == "containers" for c in value]
            return found + [c for value in part.values() for c in containers(value)]
        return [c for value in part for c in containers(value)] if isinstance(part, list) else []

    calls = [container["args"] for container in containers(documents)]
    assert [call[0] for call in calls] == ["follow", "metrics", "recalculate"]
    for name, *arguments in [*calls, ["follow"]]:
        command = main.commands[name]
        command.make_context(name, list(arguments), parent=click.Context(main))


@pytest.mark.skipif(builder() is None, reason="no program here builds images")
def test_image_is_built_and_says_its_version() -> None:
    name = str(builder())
    subprocess.run(
        [name, "build", "--quiet", "-f", str(FOLDER / "Containerfile"), "-t", "pg-engagement", "."],
        cwd=TOP, check=True,
    )  # fmt: skip
    said = subprocess.run(
        [name, "run", "--rm", "pg-engagement", "--version"], capture_output=True, text=True
    )
    assert said.stdout.startswith("engagement, version ")
