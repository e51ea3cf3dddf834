"""An operation worked by hand: a typed function that computes on a sheet. Its signature is the only source.

    @operation(formula="yₙⱼ = Σₖ xₙₖ·wⱼₖ + bⱼ", examples={"w5": {"x": [[1, 2, 3]], …}})
    def linear(sheet: Sheet, x: Tensor, weight: Tensor, bias: Tensor | None = None, *, …) -> Tensor:

Tensors come first, settings are keyword-only; options of the command line, the form of the TUI and the JSON document
are read off them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dltui.byhand.tensor import Tensor

Ints = int | tuple[int, ...]  # one whole number for every axis, or one an axis
Indices = Tensor  # whole numbers that point somewhere: no gradient
Mask = Tensor  # true or false: no gradient
Fixed = Tensor  # numbers that torch takes no gradient of
Outputs = Tensor | tuple[Tensor, ...]
SYMBOLS = {"weight": "w", "bias": "b", "target": "t", "query": "q", "key": "k", "value": "v"}


class Operation:
    """One thing that is worked by hand.

    Attributes:
        name: As it is typed, such as ``conv2d``.
        formula: What it computes, in one line.
        examples: Inputs and settings by name, the first one used when nothing is given; ``upstream`` is ∂L/∂y.
        fractions: What torch says where numbers that point somewhere are no whole ones.
        remarks: What to know about an example, by its name: where it is from, what the notes print wrongly.
        symbols: What the cells of each tensor are called in formulas.
        tensors: Parameters that are tensors, with their kind: ``Tensor``, ``Indices``, ``Mask`` or ``Fixed``.
        optional: Those that may be left out.
        settings: The other parameters, with their type as text.
        defaults: Values of settings that may be left out.
        body: The function.
    """

    __slots__ = (
        "body", "defaults", "examples", "formula", "fractions", "name", "optional", "remarks", "settings", "symbols",
        "tensors",
    )  # fmt: skip
    differentiated = False  # gradients are the point: they are worked unasked, and drawn as a graph
    shaping: tuple[str, ...] = ()  # settings that say which tensors there are
    leading = ""  # the setting that needs no name on a command line

    def __init__(
        self,
        body: Callable[..., Outputs],
        formula: str,
        examples: Mapping[str, Mapping[str, Any]],
        remarks: Mapping[str, str],
        symbols: Mapping[str, str],
    ) -> None:
        code, told = body.__code__, body.__annotations__
        names = code.co_varnames[1 : code.co_argcount]
        self.name = body.__name__.replace("_", "")
        self.body = body
        self.formula = formula
        self.examples = examples
        self.remarks = remarks
        self.fractions = ""
        self.tensors = {name: str(told[name]).partition(" ")[0] for name in names}
        self.optional = frozenset(names[len(names) - len(body.__defaults__ or ()) :])
        self.symbols = {name: symbols.get(name) or SYMBOLS.get(name, name) for name in names}
        words = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self.settings = {word: str(told[word]) for word in words}
        self.defaults: dict[str, Any] = body.__kwdefaults__ or {}

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return (self.body.__doc__ or "").strip().partition("\n")[0]

    @property
    def story(self) -> str:
        """The paragraphs after that line, up to the arguments."""
        told = (self.body.__doc__ or "").partition("\n")[2].partition("\n    Args:")[0]
        return re.sub(r"(?m)^ +", "", told).strip()

    def fitted(self, given: Mapping[str, Any]) -> Operation:  # noqa: ARG002
        """Return the operation as its settings make it; those that shape nothing leave it as it is."""
        return self

    def told(self, parameter: str) -> str:
        """Return what the docstring says of a parameter."""
        found = re.search(rf"(?m)^ +{parameter}: (.+)$", self.body.__doc__ or "")
        return found[1] if found else ""

    def choices(self, setting: str) -> tuple[str, ...]:
        """Return the words that a setting can be; none where it can be anything of its type."""
        kind = self.settings[setting]
        return tuple(re.findall(r"[\"'](\w+)[\"']", kind)) if kind.startswith("Literal") else ()


REGISTERED: dict[str, Operation] = {}


def operation(
    *,
    formula: str,
    examples: Mapping[str, Mapping[str, Any]],
    remarks: Mapping[str, str] | None = None,
    fractions: str = "",
    symbols: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., Outputs]], Operation]:
    """Return the decorator that makes an operation of a function that computes on a sheet.

    Args:
        formula: What it computes, in one line.
        examples: Inputs and settings by name; the first is what is worked when nothing is given.
        remarks: What to know about an example, by its name.
        fractions: What torch says where numbers that point somewhere are no whole ones.
        symbols: What the cells of a tensor are called, where not by its parameter.

    Returns:
        A decorator; it puts the operation where ``load`` finds it.
    """

    def decorate(body: Callable[..., Outputs]) -> Operation:
        made = Operation(body, formula, examples, remarks or {}, symbols or {})
        made.fractions = fractions
        REGISTERED[made.name] = made
        return made

    return decorate
