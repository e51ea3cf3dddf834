"""Loads into the fork server what every job needs, so that a new process has it at once.

Nothing here may compute: OpenMP's and autograd's threads do not survive a fork.
"""

import gc
import os
from contextlib import suppress
from importlib import import_module

from dltui.jobs.server import MARK

PRELOADED = (
    "torch",
    "torch._dynamo",  # the first optimizer of a process imports it, which takes a second
    "dltui.commands._objective",
    "dltui.commands.lab",
    "dltui.data.digits",
    "dltui.data.overview",
    "dltui.data.plane",
    "dltui.instruments.curvature.spectrum",
    "dltui.instruments.gradients",
    "dltui.instruments.landscape",
    "dltui.jobs.perform",
    "dltui.jobs.worker",
    "dltui.models.lenet",
    "dltui.models.mlp",
    "dltui.models.resnet",
    "dltui.training",
)

if os.environ.pop(MARK, None):
    # The server inherits the terminal that the application draws on; what a library says while loading must not show.
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    for name in PRELOADED:
        with suppress(Exception):  # the job that needs it tells what is wrong
            import_module(name)
    gc.freeze()  # what is loaded here is never garbage; leaving it alone keeps its pages shared
