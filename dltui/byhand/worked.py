"""An operation worked on given inputs: values, lines, and gradients when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite, prod
from typing import Any

from dltui.byhand.backward import Gradients, backward
from dltui.byhand.names import load
from dltui.byhand.operation import Operation
from dltui.byhand.refusal import Refused, refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.errors import unknown

MOST = 20_000  # numbers of an input
UPSTREAM = "upstream"
OPEN = frozenset({"min_val", "max_val"})  # settings that may be infinite: a bound on one side


class Worked:
    """What ``work`` returns.

    Attributes:
        operation: What was worked.
        inputs: The tensors that went in, by parameter; those left out are missing.
        settings: Every setting with its value.
        sheet: The lines.
        outputs: What came out, in the order in which torch returns it.
        example: Name of the example whose numbers were used for what was not given; empty when none was.
        taken: The tensors that come from that example.
    """

    def __init__(
        self,
        operation: Operation,
        given: Mapping[str, Any],
        example: str,
        taken: tuple[str, ...],
    ) -> None:
        self.operation = operation
        self.example = example
        self.taken = taken
        self.sheet = Sheet()
        self.inputs: dict[str, Tensor] = {}
        for name, kind in operation.tensors.items():
            if given.get(name) is not None:
                self.inputs[name] = self._input(name, kind, given[name])
        self.settings = {key: given.get(key, operation.defaults.get(key)) for key in operation.settings}
        for name, value in self.settings.items():
            if isinstance(value, float) and not (isfinite(value) or (name in OPEN and value == value)):
                refuse(name, f"{name} must be a finite number, not {value}")
        self._upstream = given.get(UPSTREAM)
        self._gradients: Gradients | None = None
        found = operation.body(
            self.sheet, **{k: self.inputs.get(k) for k in operation.tensors}, **self.settings
        )
        self.outputs: tuple[Tensor, ...] = found if isinstance(found, tuple) else (found,)

    @property
    def output(self) -> Tensor:
        """The first thing that comes out."""
        return self.outputs[0]

    @property
    def upstream(self) -> dict[str, list[float]]:
        """∂L/∂y of every output, row-major: as given, for the first; ones where nothing was given."""
        if self._upstream is None:
            return {one.name: [1.0] * len(one.cells) for one in self.outputs}
        shape, numbers = flattened(self._upstream, UPSTREAM)
        first, *others = self.outputs
        if prod(shape) != len(first.cells):
            refuse(
                UPSTREAM,
                f"upstream must have the shape of {first.name}, {first.shape}, not {shape}",
                f"Mismatch in shape: grad_output[0] has a shape of torch.Size({list(shape)}) and output[0] has a "
                f"shape of torch.Size({list(first.shape)}).",
            )
        return {first.name: numbers} | {one.name: [0.0] * len(one.cells) for one in others}

    @property
    def gradients(self) -> Gradients:
        """Gradients of all inputs of L, with ∂L/∂y as ``upstream`` says."""
        if self._gradients is None:
            self._gradients = backward(self.sheet, self.upstream)
        return self._gradients

    def _input(self, name: str, kind: str, given: Any) -> Tensor:
        """Return one input; what takes no gradient is held."""
        shape, numbers = flattened(given, name)
        tensor = self.sheet.input(name, self.operation.symbols[name], shape, numbers)
        if kind != "Tensor":
            self.sheet.hold(tensor)
        if kind == "Indices" and any(number != int(number) for number in numbers):
            refuse(
                name,
                f"{name} points somewhere, so it must be whole numbers such as [0, 2, 1]",
                self.operation.fractions,
            )
        return tensor


def work(operation: Operation | str, given: Mapping[str, Any] | None = None, example: str = "") -> Worked:
    """Work an operation by hand.

    Args:
        operation: The operation or its name.
        given: Tensors as nested lists and settings, by parameter. Tensors that are needed and not given are those of
            the example; optional ones only where no tensor is given at all.
        example: The name of one of its examples; the first when empty.

    Returns:
        The sheet with all that came out.

    Raises:
        UsageError: If there is no such operation, example or parameter, or torch would refuse what is given.
    """
    one = load(operation) if isinstance(operation, str) else operation
    known = dict(given or {})
    one = one.fitted(known)
    for name in known:
        if name not in one.tensors and name not in one.settings and name != UPSTREAM:
            raise unknown(f"argument of {one.name}", name, [*one.tensors, *one.settings])
    if example and example not in one.examples:
        raise unknown(f"example of {one.name}", example, one.examples)
    chosen = example or next(iter(one.examples))
    usual = one.examples[chosen]
    own = any(known.get(name) is not None for name in one.tensors)
    for name, value in usual.items():
        if not own or (name in one.tensors and name not in one.optional):
            known.setdefault(name, value)
    taken = tuple(n for n in one.tensors if n in known and n not in (given or {}))
    for name in one.tensors:
        if known.get(name) is None and name not in one.optional:
            raise Refused(f"{one.name} needs {name}: give --{name} a list such as [[1, 2], [3, 4]]", name)
    return Worked(one, known, chosen if taken else "", taken)


def flattened(given: Any, name: str) -> tuple[tuple[int, ...], list[float]]:
    """Return shape and numbers of nested lists.

    Args:
        given: A number, or lists of equal length of such.
        name: What they are, for the error.

    Returns:
        The sizes, and the numbers in row-major order.

    Raises:
        Refused: If a list is ragged, holds something else, or there are too many numbers.
    """
    shape: list[int] = []
    look = given
    while isinstance(look, list | tuple):
        shape.append(len(look))
        look = look[0] if look else None
    check_size(shape, name)
    numbers: list[float] = []
    _gather(given, tuple(shape), name, numbers)
    return tuple(shape), numbers


def check_size(shape: Sequence[int], name: str) -> None:
    """Refuse a tensor of more numbers than anybody works by hand.

    Args:
        shape: Its sizes.
        name: What it is, for the error.

    Raises:
        Refused: If there are too many numbers.
    """
    count = prod(shape)
    if count > MOST:
        refuse(
            name, f"by hand is for small tensors: {name} has {count:,} numbers, at most {MOST:,} are taken"
        )


def _gather(given: Any, shape: tuple[int, ...], name: str, numbers: list[float]) -> None:
    """Append the numbers of nested lists of a known shape."""
    if not shape:
        if isinstance(given, list | tuple) or not isinstance(given, int | float):
            refuse(name, f"{name} holds {given!r}, where a number was expected")
        numbers.append(float(given))
        return
    if not isinstance(given, list | tuple):
        refuse(name, f"{name} holds the number {given!r} where the lists beside it have {shape[0]} entries")
    if len(given) != shape[0]:
        refuse(
            name,
            f"the lists of {name} must be equally long, but one has {shape[0]} entries and another {len(given)}",
        )
    for part in given:
        _gather(part, shape[1:], name, numbers)
