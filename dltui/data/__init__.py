"""Data sets: shipped, made, and the user's own; numpy only."""

from dltui.data.dataset import Dataset, Task
from dltui.data.load import load

__all__ = ["Dataset", "Task", "load"]
