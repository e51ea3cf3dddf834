"""Models with weights of others, by name; each is opened by a function of its own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from dltui.errors import unknown
from dltui.models._pretrained import PRETRAINED

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltui.checkpoints.live import LiveModel

__all__ = ["PRETRAINED", "open_pretrained"]


def open_pretrained(name: str) -> LiveModel:
    """Return the model of that name with its weights.

    Args:
        name: Such as ``mobilenet-v2``.

    Returns:
        The model and what it takes.

    Raises:
        UsageError: If there is none; it suggests the nearest.
        DltuiError: If its weights were not fetched yet.
    """
    if name not in PRETRAINED:
        raise unknown("model with weights", name, PRETRAINED)
    module, _, function = PRETRAINED[name].partition(":")
    opener: Callable[[], LiveModel] = getattr(import_module(module), function)
    return opener()
