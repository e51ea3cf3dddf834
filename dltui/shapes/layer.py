"""A layer as a thing that can be called: the calculus of one PyTorch class, with its arguments by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import takewhile
from typing import Any, Concatenate, Generic, ParamSpec

from dltui.errors import unknown
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import Symbol

P = ParamSpec("P")

Inferred = int | None  # a size that the input tells already, so that it may be left out
PLAIN: tuple[set[type], ...] = ({int}, {Symbol}, {int, Symbol}, set())
BY_PLACE = frozenset(
    {
        "in_channels",
        "out_channels",
        "in_features",
        "out_features",
        "num_features",
        "input_size",
        "hidden_size",
    }
    | {"embed_dim", "num_heads", "d_model", "nhead", "num_embeddings", "embedding_dim"}
)
VARARGS = 0x04  # CO_VARARGS: the layer takes any number of inputs


class Layer(Generic[P]):
    """Called with shapes and PyTorch's arguments, it returns a ``ShapeReport``.

    Attributes:
        name: Class or function of PyTorch, such as ``Conv2d``.
        inputs: Names of the shapes that go in; the first is needed, more may be.
        many: Whether it takes any number of inputs.
        options: PyTorch's arguments in PyTorch's order, with their type as text.
        defaults: Values of those that may be left out.
        leading: The first options, which people write without their names.
        shapes: Options that are shapes, such as masks.
        inputs_needed: How many inputs can't be left out.
    """

    def __init__(self, name: str, body: Callable[..., ShapeReport], axes: int | None = None) -> None:
        self.name = name
        code = body.__code__
        bound = 0 if axes is None else 1
        self.inputs = code.co_varnames[bound : code.co_argcount]
        self.many = bool(code.co_flags & VARARGS)
        names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self.options: dict[str, str] = {key: str(body.__annotations__[key]) for key in names}
        self.defaults: dict[str, Any] = body.__kwdefaults__ or {}
        self.leading = tuple(takewhile(BY_PLACE.__contains__, self.options))
        self.shapes = [key for key, kind in self.options.items() if kind == "Shape | None"]
        self.inputs_needed = len(self.inputs) - len(body.__defaults__ or ())
        self.axes = axes
        self.__doc__ = body.__doc__
        self._run = body if axes is None else partial(body, axes)

    def __call__(self, *inputs: P.args, **settings: P.kwargs) -> ShapeReport:
        """Return what the layer does to ``inputs``.

        Raises:
            ShapeError: If PyTorch would refuse the layer or the inputs.
        """
        if None in inputs[: self.inputs_needed]:
            raise ShapeError(f"{self.name} needs {self.inputs[inputs.index(None)]}, a shape", "input")
        for key in self.shapes:
            if key in settings:
                settings[key] = checked(settings[key], key)
        try:
            report = self._run(*map(checked, inputs), **settings)
        except (TypeError, OverflowError) as error:
            self.check_names(len(inputs), settings)
            raise ShapeError(f"{self.name} can't read an argument: {error}", "") from error
        report.name = self.name
        report.settings = settings
        report.defaults = self.defaults
        report.leading = self.leading
        return report

    @property
    def inferred(self) -> list[str]:
        """Arguments that the input tells already."""
        return [key for key, kind in self.options.items() if kind == "Inferred"]

    @property
    def required(self) -> list[str]:
        """Arguments that must be given."""
        return [key for key in self.options if key not in self.defaults]

    def check_names(self, inputs: int, settings: dict[str, Any]) -> None:
        """Refuse arguments that the layer hasn't, and the lack of those it needs.

        Raises:
            ShapeError: With the argument at fault.
        """
        for key in settings:
            if key not in self.options:
                raise ShapeError(str(unknown(f"argument of {self.name}", key, self.options)), key)
        for key in self.required:
            if key not in settings:
                raise ShapeError(f"{self.name} needs {key}", key)
        if inputs > len(self.inputs) and not self.many:
            raise ShapeError(
                f"{self.name} takes {len(self.inputs)} inputs ({', '.join(self.inputs)}), not {inputs}"
            )
        if inputs < self.inputs_needed:
            needed = ", ".join(self.inputs[: self.inputs_needed])
            raise ShapeError(f"{self.name} needs {self.inputs_needed} inputs ({needed}), not {inputs}")


def layer(name: str, body: Callable[P, ShapeReport]) -> Layer[P]:
    """Return ``body`` as the layer ``name``."""
    return Layer(name, body)


def layer_nd(name: str, body: Callable[Concatenate[int, P], ShapeReport], axes: int) -> Layer[P]:
    """Return ``body`` as the layer ``name`` over a number of spatial axes, which is the body's first argument."""
    return Layer(name, body, axes)


def checked(shape: Any, argument: str = "input") -> Shape | None:
    """Return a shape as a tuple.

    Args:
        shape: A list or tuple of whole numbers, or None for an input that is left out.
        argument: Its name, for the error.

    Returns:
        The same as a tuple.

    Raises:
        ShapeError: If it is anything else, or a size is negative.
    """
    if shape is None:
        return None
    if not isinstance(shape, list | tuple) or set(map(type, shape)) not in PLAIN:
        raise ShapeError(f"a shape is a list of whole numbers like [1, 3, 224, 224], not {shape!r}", argument)
    if shape and min(map(int, shape)) < 0:
        raise ShapeError(f"the input {show(tuple(shape))} has a negative size", argument)
    return tuple(shape)
