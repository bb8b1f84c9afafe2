"""Fixtures of these tests: see scoring/fixtures.py."""

from scoring.fixtures import _shared_database, host  # noqa: F401
