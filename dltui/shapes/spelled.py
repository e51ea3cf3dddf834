"""Layers as people write them: ``Conv2d(3, 64, 7, stride=2)`` as in PyTorch, and ``conv2d 64 7 s=2`` in short."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dltui.shapes.layer import Layer
from dltui.shapes.layers import layer_named
from dltui.shapes.report import Shape, ShapeError
from dltui.shapes.values import read_value

SHORT = {
    "k": "kernel_size",
    "s": "stride",
    "p": "padding",
    "d": "dilation",
    "g": "groups",
    "o": "out_channels",
}
IGNORED = {"device", "dtype"}  # they change no shape


@dataclass(frozen=True, slots=True)
class Spelled:
    """A layer with its settings, not yet asked.

    Attributes:
        layer: The calculus of its class.
        settings: Arguments by PyTorch's names.
    """

    layer: Layer[Any]
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *inputs: Shape | None) -> Any:
        """Return the report for ``inputs``."""
        return self.layer(*inputs, **self.settings)


def read_layer(text: str) -> Spelled:
    """Return a layer from either spelling; nothing is evaluated.

    Args:
        text: Such as ``nn.Conv2d(3, 64, 7, stride=2)`` or ``conv2d 64 7 s=2``.

    Returns:
        The layer and its settings.

    Raises:
        ShapeError: If it can't be read, or there is no such layer or argument.
    """
    if "(" in text.split(" ", 1)[0] or re.fullmatch(r"[\w.]+\s*\(.*\)", text.strip(), re.DOTALL):
        from dltui.shapes.source import layers_in

        found = layers_in(text)
        if len(found) != 1:
            raise ShapeError(f"{text!r} holds {len(found)} layers; use `shapes chain` for several", "layer")
        return found[0]
    name, *words = text.split()
    return read_words(name, words)


def read_words(name: str, words: Iterable[str]) -> Spelled:
    """Return a layer from its name and words: values in PyTorch's order, ``key=value``, or ``k7`` in short.

    Sizes that the input tells, such as ``in_channels``, are left out of the order.

    Args:
        name: The layer.
        words: The rest.

    Returns:
        The layer and its settings.

    Raises:
        ShapeError: If a word can't be read.
    """
    layer = layer_named(name)
    order = [key for key in layer.options if key not in layer.inferred and key != "normalized_shape"]
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        short = re.fullmatch(r"([a-z])(\d[\d,]*)", word)
        if short and SHORT.get(short[1]) in layer.options:
            key, text = short[1], short[2]
        elif not equals:
            key, text = next((one for one in order if one not in settings), ""), word
            if not key:
                raise ShapeError(
                    f"{layer.name} takes {len(order)} values ({', '.join(order)}); {word!r} is too many", ""
                )
        if key not in layer.options and SHORT.get(key) in layer.options:
            key = SHORT[key]
        if key not in layer.options:
            layer.check_names(len(layer.inputs), {key: text})
        settings[key] = read_value(layer, key, text)
    return Spelled(layer, settings)
