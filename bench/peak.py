"""``python -m bench.peak ARGUMENTS``: run the command; say at the end how much memory it took.

The last line of its error output is the peak of its resident memory in kB. The kernel keeps
``ru_maxrss`` across fork and exec, so it could be that of the process that starts this one; VmHWM
is this program's own.
"""

from __future__ import annotations

import resource
import sys

from bench.proc import status_kb
from engagement_runner.cli import main

if __name__ == "__main__":
    try:
        main()
    finally:
        peak = status_kb("self", "VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(peak, file=sys.stderr)
