"""The product itself: Tendenci from the package index, and a database of its own making.

Both take minutes to make, so they are kept in a folder: a virtual environment and, per major
version of PostgreSQL, a dump of the empty database. The folder is ``.venv-hosts/tendenci`` of the
checkout, or ``tendenci`` below the folder that ENGAGEMENT_HOSTS_DIR names.
"""

from __future__ import annotations

import ctypes.util
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engagement_runner.embedded import EmbeddedServer, server_version

VERSION = "16.30"
#: Its role: owns its tables, and has no right on the package.
ROLE = "tendenci"

_HERE = Path(__file__).resolve().parent
#: The product's own commands, in their order: schema, settings, an organisation, accounts.
_COMMANDS = (
    ("initial_migrate", "--skip-checks"),
    ("update_settings",),
    ("populate_default_entity",),
    ("loaddata", "initial_data.json"),
)


def missing() -> str | None:
    """Return what this machine lacks to install the product, in words; None: nothing."""
    if _python() is None:
        return "needs Python 3.12 or later (ENGAGEMENT_HOSTS_PYTHON may name one); found none"
    if shutil.which(os.environ.get("CC", "gcc")) is None:
        return "needs gcc, to build psycopg2; found none"
    if shutil.which("pg_config") is None or not _includes("libpq-fe.h"):
        return "needs libpq-dev, to build psycopg2; found none"
    if ctypes.util.find_library("magic") is None:
        return "needs libmagic1, for python-magic; found none"
    return None


def _includes(header: str) -> bool:
    folder = subprocess.run(
        ["pg_config", "--includedir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return (Path(folder) / header).exists()


def _python() -> Path | None:
    """Find a Python that works: a shim of pyenv may be there and refuse."""
    names = ("python3.12", "python3.13", "python3.14")
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        os.environ.get("ENGAGEMENT_HOSTS_PYTHON"),
        *(shutil.which(name) for name in names),
        *(path for name in names for path in sorted(versions.glob(f"*/bin/{name}"))),
        sys.executable,
    ]
    test = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"
    for candidate in filter(None, candidates):
        if subprocess.run([candidate, "-c", test], capture_output=True).returncode == 0:
            return Path(candidate)
    return None


class Product:
    """An installation of the product.

    Attributes:
        folder: where everything of it is kept.
        python: the interpreter of its virtual environment.
    """

    def __init__(self) -> None:
        cache = os.environ.get("ENGAGEMENT_HOSTS_DIR") or _HERE.parents[2] / ".venv-hosts"
        self.folder = Path(cache).resolve() / "tendenci"
        self._venv = self.folder / f"venv-{VERSION}"
        self.python = self._venv / "bin/python"

    def install(self) -> None:
        """Make the virtual environment, unless it is there."""
        with self._alone():
            done = self._venv / "installed"
            if done.exists():
                return
            shutil.rmtree(self._venv, ignore_errors=True)
            _run([str(_python()), "-m", "venv", self._venv])
            pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([*pip, f"tendenci=={VERSION}"])
            for name in ("media", "addons", "whoosh", "log", "themes"):
                (self._project / name).mkdir(parents=True, exist_ok=True)
            for theme in self._venv.glob("lib/python3*/site-packages/tendenci/themes/*/"):
                (self._project / "themes" / theme.name).symlink_to(theme)
            done.touch()

    def create_database(self, server: EmbeddedServer, dsn: str, dbname: str) -> None:
        """Fill an empty database that belongs to the product's role."""
        dump = self.folder / f"empty-{VERSION}-pg{server_version(server.bindir)}.sql"
        with self._alone():
            if not dump.exists():
                for command in _COMMANDS:
                    _run(
                        [self.python, "-m", "django", *command, "-v", "0"],
                        env=self.environment(server, dbname),
                    )
                text = server.run("pg_dump", "--no-owner", "--no-privileges", "-d", dsn)
                part = dump.with_suffix(".part")
                part.write_text(text)
                part.rename(dump)
                return
        # From standard input: the server's account may not be able to read the folder.
        with dump.open() as source:
            _run(
                [server.bindir / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-o", os.devnull],
                env=self.environment(server, dbname),
                stdin=source,
            )

    def environment(self, server: EmbeddedServer, dbname: str) -> dict[str, str]:
        """Return the environment of a process of the product."""
        return {
            **os.environ,
            "PGHOST": str(server.socket_dir),
            "PGUSER": ROLE,
            "PGDATABASE": dbname,
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": str(_HERE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TENDENCI_PROJECT_ROOT": str(self._project),
        }

    @property
    def _project(self) -> Path:
        return self._venv / "project"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one process at a time makes what is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _run(command: list[Any], **options: Any) -> None:
    """Run a command; its output is in the error if it fails."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}")
