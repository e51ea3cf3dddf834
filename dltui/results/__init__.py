"""Results: what instruments return, and the file that keeps them (read back without torch)."""

from dltui.results.base import Made, Result
from dltui.results.store import load, peek

__all__ = ["Made", "Result", "load", "peek"]
