"""What a followed source makes: tensors, layers, containers, parameters, objects and functions of its own."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from dltui.shapes.layers import layer_named
from dltui.shapes.report import Shape, ShapeError
from dltui.shapes.spelled import IGNORED, Spelled


@dataclass(eq=False)
class Tensor:
    """What a row gives.

    Attributes:
        name: What later rows call it.
        shape: Its sizes.
    """

    name: str
    shape: Shape


@dataclass(eq=False)
class Made:
    """A layer that was made in ``__init__``.

    Attributes:
        spelled: Its class and settings.
        path: Where it stands, such as ``layer1.0.conv1``.
        used: Whether it was called already: then its parameters are tied.
    """

    spelled: Spelled
    path: str = ""
    used: bool = False


@dataclass(eq=False)
class Several:
    """A container of modules.

    Attributes:
        parts: The modules by name.
        runs: Whether it can be called, as ``Sequential``.
        path: Where it stands.
    """

    parts: dict[str, Any]
    runs: bool
    path: str = ""


@dataclass(eq=False)
class Learned:
    """A parameter that stands beside the layers.

    Attributes:
        shape: Its sizes.
        path: Where it stands.
        row: What its row gives, once it was read.
    """

    shape: Shape
    path: str = ""
    row: Tensor | None = None


@dataclass(eq=False)
class Module:
    """A class of the source with what ``__init__`` put into it.

    Attributes:
        body: The class.
        parts: Its attributes.
        path: Where it stands.
    """

    body: ast.ClassDef
    parts: dict[str, Any] = field(default_factory=dict)
    path: str = ""


@dataclass(eq=False)
class Function:
    """A function of the source, with the object it is bound to."""

    body: ast.FunctionDef
    own: Module | None = None


class Unknown:
    """A value that could not be worked out; told when it is needed."""

    def __init__(self, error: ShapeError) -> None:
        self.error = error


def settings_of(name: str, values: list[Any], words: dict[str, Any]) -> Spelled:
    """Return a layer from the values of a call.

    Args:
        name: Its class or function.
        values: Values by their place.
        words: Values by their name.

    Returns:
        The layer and its settings.

    Raises:
        ShapeError: If there are too many, or one is unknown.
    """
    layer = layer_named(name)
    order = [key for key in layer.options if not name.startswith("Lazy") or key not in layer.inferred]
    if len(values) > len(order):
        raise ShapeError(f"{name} takes {len(order)} values, not {len(values)}", "")
    found = dict(zip(order, values, strict=False)) | words
    settings = {key: value for key, value in found.items() if key not in IGNORED}
    layer.check_names(max(layer.inputs_needed, 1), settings)
    return Spelled(layer, settings)


def placed(value: Any, path: str) -> None:
    """Tell a module where it stands, and those within it."""
    if isinstance(value, Made | Learned | Several | Module) and not value.path:
        value.path = path
        if isinstance(value, Several | Module):
            for name, part in value.parts.items():
                placed_below(part, f"{path}.{name}")


def placed_below(value: Any, path: str) -> None:
    """Tell a module within another where it stands; what stood alone before is moved below."""
    if isinstance(value, Made | Learned):
        value.path = path
    elif isinstance(value, Several | Module):
        value.path = path
        for name, part in value.parts.items():
            placed_below(part, f"{path}.{name}")
