"""dltui: see what a neural network does without leaving the terminal."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dltui.recorder import watch

__version__ = "0.1.0"
__all__ = ["__version__", "watch"]


def __getattr__(name: str) -> Any:
    """Return ``watch``, which needs torch, when it is asked for."""
    if name == "watch":
        return import_module("dltui.recorder").watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
