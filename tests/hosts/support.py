"""What the tests of every real host share: the product's environment, its workers, its schema.

Products and the dumps of their schemas are kept in the folder ENGAGEMENT_HOSTS_DIR, by default
.venv-hosts in the repository, because making them takes minutes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engagement_runner.embedded import EmbeddedServer, server_version

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("ENGAGEMENT_HOSTS_DIR") or HERE.parents[1] / ".venv-hosts")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time make what the path names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Product:
    """A product from the package index in an environment of its own, made once.

    Args:
        name: folder of the environment and of what is kept beside it.
        requirements: what pip is to install; another list makes another environment.
        python: the interpreter to make it with.
    """

    def __init__(
        self, name: str, requirements: Sequence[str], python: str = sys.executable
    ) -> None:
        key = "\n".join([python, *requirements])
        self.folder = FOLDER / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        self.bin = self.folder / "venv" / "bin"
        made = self.folder / "made"
        with _locked(self.folder):
            if not made.exists():
                shutil.rmtree(self.folder, ignore_errors=True)
                self._run(python, "-m", "venv", self.folder / "venv")
                pip = (self.bin / "python", "-m", "pip", "--disable-pip-version-check", "-q")
                self._run(*pip, "install", *requirements)
                made.touch()

    def run(self, tool: str, *arguments: str | Path, **environment: str) -> str:
        """Run a command of the product and return its output."""
        return self._run(self.bin / tool, *arguments, **environment)

    @staticmethod
    def _run(*command: str | Path, **environment: str) -> str:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}"
        return done.stdout

    def restore_schema(
        self, server: EmbeddedServer, dbname: str, make: Callable[[], object]
    ) -> None:
        """Give an empty database the product's schema: the dump that is kept, else ``make()``.

        A dump is read by the server's own major version only, so there is one for each.
        """
        dump = self.folder / f"schema-{server_version(server.bindir)}.dump"
        # Where the server's account may read and write; it may not write over what was copied.
        passed = server.base / f"{self.folder.name}-{dump.name}"
        database = f"--dbname={server.dsn(dbname)}"
        with _locked(dump):
            if dump.exists():
                shutil.copyfile(dump, passed)
                server.run("pg_restore", database, passed)
            else:
                make()
                server.run("pg_dump", "--format=custom", f"--file={passed}", database)
                shutil.copyfile(passed, dump)


class Worker:
    """A process of the product that does what it is asked for; see worker.py.

    Args:
        product: whose environment it runs in.
        acts: file with the functions that can be asked for.
        arguments: of its function ``open``.
        environment: variables to set.
    """

    def __init__(self, product: Product, acts: Path, *arguments: str, **environment: str) -> None:
        self._process = subprocess.Popen(
            [product.bin / "python", HERE / "worker.py", acts, *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, act: str, **keywords: Any) -> Any:
        """Do an act and return its result; an error of the product's is an AssertionError."""
        self.ask(act, **keywords)
        return self.answer()

    def ask(self, act: str, **keywords: Any) -> None:
        """Begin an act; :meth:`answer` waits for its end."""
        assert self._process.stdin
        print(json.dumps([act, keywords], default=str), file=self._process.stdin, flush=True)

    def answer(self) -> Any:
        """Wait for the end of the act that was asked for, and return its result."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the product's process has ended: see its standard error"
        outcome, result = json.loads(line)
        assert outcome == "done", result
        return result

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
