"""How long a test waits for what must come: one limit, for the slowest of machines.

It only ends a test that hangs. No test measures time: whatever comes within it is in time.
"""

#: Seconds.
PATIENCE = 600

#: Makes the server end whatever hangs in a session.
STATEMENT_TIMEOUT = f"set statement_timeout = '{PATIENCE}s'"
