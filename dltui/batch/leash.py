"""``python -m dltui.batch.leash VERB …``: ``python -m dltui VERB …`` that ends with whoever started it."""

from __future__ import annotations

import os
import signal
import sys
from runpy import run_module

PR_SET_PDEATHSIG = 1
PARENT = "DLTUI_PARENT"  # the process that has to be there


def hold() -> None:
    """Be sent SIGTERM when the parent ends, however that happens; at once when it has ended already."""
    parent = os.environ.pop(PARENT, "")
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent and os.getppid() != int(parent):
        sys.exit(signal.SIGTERM + 128)


if __name__ == "__main__":
    hold()
    run_module("dltui", run_name="__main__", alter_sys=True)
