"""Data sets: shipped, made, and the user's own; numpy only."""

from dltui.data._names import NAMES
from dltui.data.dataset import Dataset, Task
from dltui.data.load import load
from dltui.data.shipped import open_asset

__all__ = ["NAMES", "Dataset", "Task", "load", "open_asset"]
