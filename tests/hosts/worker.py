"""Runs in a product's own environment: does what the tests ask it for, one line of JSON at a time.

``python worker.py ACTS ARGUMENT…`` loads the file ACTS, calls its ``open(ARGUMENT…)`` and then,
for each line ``["name", {"keyword": value, …}]``, its function of that name. It answers with
``["done", result]`` or ``["failed", traceback]``. What acts print goes to standard error.
"""

import json
import runpy
import sys
import traceback
from contextlib import redirect_stdout


def answer(acts, name, keywords):
    """Do one act; return what to answer."""
    try:
        with redirect_stdout(sys.stderr):
            return ["done", acts[name](**keywords)]
    except Exception:
        return ["failed", traceback.format_exc()]


def main(path, *arguments):
    """Serve until standard input ends."""
    with redirect_stdout(sys.stderr):
        acts = runpy.run_path(path)
        acts["open"](*arguments)
    for line in sys.stdin:
        print(json.dumps(answer(acts, *json.loads(line)), default=str), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
