"""The command line of one process of several that train a run.

Whoever starts processes for a run (the supervisor here, SLURM, a script) needs two functions: ``rank_line`` gives the
command line of every process, ``dltui.ranks.rank_environment`` what torchrun would put into the environment of each;
``SUPERVISED`` is set besides, since the card is written by the starter.
"""

from __future__ import annotations

import sys

from dltui.runs.folder import Run
from dltui.training.launch.options import Options

SUPERVISED = "DLTUI_SUPERVISED"  # set where the run's card is written by whoever started the processes


def rank_line(run: Run, options: Options) -> list[str]:
    """Return the command line of every process that trains a run; it goes on where the run's newest checkpoint stands.

    Args:
        run: A run whose card is written; a fresh one begins at its first step.
        options: Where; ``devices``, ``restarts`` and ``name`` don't matter here.

    Returns:
        The words, the interpreter first.
    """
    line = [sys.executable, "-m", "dltui", "train", "--resume", f"run:{run.id}", "--device", options.device]
    line += ["--strategy", options.strategy] if options.strategy else []
    line += ["--threads", str(options.cpu_threads)] if options.cpu_threads else []
    return [*line, "--quiet", "--json"]
