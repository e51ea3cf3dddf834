"""Models with weights of others, by name; each is opened by a function of its own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from dltui.errors import unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from dltui.checkpoints.live import LiveModel

# name -> "module:function"; the function takes no arguments, and its error says how to fetch weights that aren't there
PRETRAINED: dict[str, str] = {
    "mobilenet-v2": "dltui.checkpoints.known:mobilenet_v2",
    "efficientnet-lite0": "dltui.checkpoints.known:efficientnet_lite0",
    "pnet": "dltui.checkpoints.known:pnet",
    "rnet": "dltui.checkpoints.known:rnet",
    "onet": "dltui.checkpoints.known:onet",
    "mtcnn": "dltui.checkpoints.known:onet",
    "crepe": "dltui.checkpoints.known:crepe_tiny",
    "crepe-tiny": "dltui.checkpoints.known:crepe_tiny",
    "crepe-full": "dltui.checkpoints.known:crepe_full",
    "silero": "dltui.checkpoints.known:silero",
}


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
