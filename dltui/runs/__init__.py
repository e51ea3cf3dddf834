"""Runs: the folders that training leaves, read and written without torch."""

from dltui.runs.checkpoint import new_checkpoint
from dltui.runs.control import Requests, ask
from dltui.runs.digest import Digest
from dltui.runs.find import PREFIX, find_run
from dltui.runs.folder import Run, State, list_runs, open_run
from dltui.runs.follow import Follower, read_digest
from dltui.runs.history import history
from dltui.runs.home import cache_folder, home, results_folder, runs_folder
from dltui.runs.metrics import MetricsReader, MetricsWriter, read_metrics
from dltui.runs.new import begin_again, change, finish, new_run
from dltui.runs.sketch import loss_sketch
from dltui.runs.trash import Discarded, discard, restore, trash_folder

__all__ = [
    "PREFIX",
    "Digest",
    "Discarded",
    "Follower",
    "MetricsReader",
    "MetricsWriter",
    "Requests",
    "Run",
    "State",
    "ask",
    "begin_again",
    "cache_folder",
    "change",
    "discard",
    "find_run",
    "finish",
    "history",
    "home",
    "list_runs",
    "loss_sketch",
    "new_checkpoint",
    "new_run",
    "open_run",
    "read_digest",
    "read_metrics",
    "restore",
    "results_folder",
    "runs_folder",
    "trash_folder",
]
