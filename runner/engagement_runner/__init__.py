"""Deploy and operate engagement scoring inside PostgreSQL.

The package connects, deploys, calls and shows. It computes no points: every score is made by the
routines that :mod:`engagement_runner.deploy` installs.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pg-engagement")
except PackageNotFoundError:  # run from a folder that was never installed
    __version__ = "0"
