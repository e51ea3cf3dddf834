"""Knobs: what can be turned on an exhibit, read off the signature of its function."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from dltui.errors import UsageError

Value = float | int | str | bool
Kind = Literal["float", "int", "choice", "switch", "text"]

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True, slots=True)
class Slider:
    """A number between two ends.

    Attributes:
        low: Smallest value, allowed.
        high: Largest value, allowed.
        log: Space the slider by powers; both ends must be above 0.
        step: How far one press of a key moves it, or None for a fiftieth of the way; no value between is refused.
        help: What it does, with its symbol and unit, in a few words.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    help: str = ""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"a slider goes from low to high, not from {self.low} to {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic slider starts above 0, not at {self.low}")


@dataclass(frozen=True, slots=True, init=False)
class Choice:
    """One of a few words.

    Attributes:
        options: The words, in the order in which they are offered.
        help: What is chosen.
    """

    options: tuple[str, ...]
    help: str

    def __init__(self, *options: str, help: str = "") -> None:  # noqa: A002
        if len(options) < 2:
            raise ValueError(f"a choice offers two words or more, not {len(options)}")
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "help", help)


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that is typed.

    Attributes:
        read: Raises ``UsageError`` for a text that means nothing; what it returns is left to the exhibit.
        offers: Texts to choose from or to begin with.
        help: What is typed.
    """

    read: Callable[[str], object]
    offers: tuple[str, ...]
    help: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is on or off.

    Attributes:
        help: What is switched on.
    """

    help: str = ""


Control = Slider | Choice | Switch | Typed


@dataclass(frozen=True, slots=True)
class Knob:
    """One parameter of an exhibit: its control, its type and where it stands at first.

    Attributes:
        name: Name of the parameter, such as ``weight_decay``.
        kind: Type of its value.
        default: Where it stands at first.
        control: The slider, choice, switch or text it was declared with.
    """

    name: str
    kind: Kind
    default: Value
    control: Control

    @property
    def option(self) -> str:
        """How the command line spells it, such as ``--weight-decay``."""
        return "--" + self.name.replace("_", "-")

    @property
    def help(self) -> str:
        """What it does, in a few words."""
        return self.control.help

    @property
    def expects(self) -> str:
        """What values are taken, in words."""
        if isinstance(self.control, Slider):
            noun = "a whole number" if self.kind == "int" else "a number"
            return f"{noun} from {self.control.low:g} to {self.control.high:g}"
        if isinstance(self.control, Typed):
            return f"a text such as {self.control.offers[0]}"
        return (
            f"one of {', '.join(self.control.options)}"
            if isinstance(self.control, Choice)
            else "true or false"
        )

    @property
    def extremes(self) -> tuple[Value, ...]:
        """The ends of the slider, all that a choice or switch can be, or all texts that are offered."""
        if isinstance(self.control, Slider):
            ends = (self.control.low, self.control.high)
            return tuple(int(end) for end in ends) if self.kind == "int" else ends
        if isinstance(self.control, Typed):
            return self.control.offers
        return self.control.options if isinstance(self.control, Choice) else (False, True)

    def accept(self, value: object) -> Value:
        """Return ``value`` as this knob's type.

        Args:
            value: A value of the right type, or a text that spells one.

        Returns:
            The value itself.

        Raises:
            UsageError: If it has another type or lies outside of the range.
        """
        worded = self.kind in {"choice", "text"}
        found = self._spelled(value) if isinstance(value, str) and not worded else value
        if not self._fits(found):
            raise UsageError(
                f"the knob {self.name} takes {self.expects}, not {value!r}; try {self.option} {self.default}"
            )
        assert isinstance(found, float | int | str | bool)
        if isinstance(self.control, Typed):
            self.control.read(str(found))
        return float(found) if self.kind == "float" else found

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of its value; ``x-log`` and ``x-step`` tell how a slider moves."""
        schema: dict[str, Any] = {"default": self.default, "description": self.help}
        if isinstance(self.control, Choice):
            return schema | {"type": "string", "enum": list(self.control.options)}
        if isinstance(self.control, Typed):
            return schema | {"type": "string", "examples": list(self.control.offers)}
        if isinstance(self.control, Switch):
            return schema | {"type": "boolean"}
        low, high = self.extremes
        schema |= {"type": "integer" if self.kind == "int" else "number", "minimum": low, "maximum": high}
        schema |= {"x-log": True} if self.control.log else {}
        return schema | ({"x-step": self.control.step} if self.control.step else {})

    def _spelled(self, text: str) -> object:
        """Return what ``text`` spells, or the text when it spells nothing of this kind."""
        word = text.strip().lower().replace("−", "-")
        if self.kind == "switch":
            return True if word in _TRUE else False if word in _FALSE else text
        try:
            return int(word) if self.kind == "int" else float(word)
        except ValueError:
            return text

    def _fits(self, value: object) -> bool:
        """Return whether a value has the right type and lies in the range."""
        if isinstance(self.control, Choice):
            return value in self.control.options
        if isinstance(self.control, Switch):
            return isinstance(value, bool)
        if isinstance(self.control, Typed):
            return isinstance(value, str)
        kinds = int if self.kind == "int" else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return False
        return math.isfinite(value) and self.control.low <= value <= self.control.high


def read_knobs(function: Callable[..., object]) -> tuple[Knob, ...]:
    """Return the knobs of ``function``, one a parameter, read off its signature.

    Args:
        function: Every parameter reads ``name: Annotated[type, control] = default``, with ``float`` or ``int`` for
            a ``Slider``, ``str`` for a ``Choice`` or a ``Typed``, ``bool`` for a ``Switch``.

    Returns:
        The knobs in the order of the parameters.

    Raises:
        TypeError: If a parameter is declared otherwise or has a default that the control refuses.
    """
    hints = get_type_hints(function, include_extras=True)
    found = inspect.signature(function).parameters.values()
    return tuple(_knob(function, parameter, hints.get(parameter.name)) for parameter in found)


def _knob(function: Callable[..., object], parameter: inspect.Parameter, hint: Any) -> Knob:
    """Return the knob of one parameter."""
    where = f"parameter {parameter.name!r} of {getattr(function, '__name__', function)}"
    parts = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    control = next((part for part in parts[1:] if isinstance(part, Control)), None)
    kind = _kind(parts[0], control)
    if control is None or kind is None:
        raise TypeError(
            f"{where} must be declared as Annotated[float or int, Slider(…)], Annotated[str, Choice(…)] "
            "or Annotated[bool, Switch(…)]; a text takes Annotated[str, Typed(…)]"
        )
    if parameter.default is inspect.Parameter.empty:
        raise TypeError(f"{where} must have a default: an exhibit runs as it is")
    knob = Knob(parameter.name, kind, parameter.default, control)
    try:
        knob.accept(parameter.default)
    except UsageError as error:
        raise TypeError(f"the default of {where} is refused: {error}") from error
    return knob


def _kind(annotated: object, control: Control | None) -> Kind | None:
    """Return the kind of knob that a type and a control make together, or None when they don't match."""
    kinds: dict[tuple[object, object], Kind] = {
        (float, Slider): "float",
        (int, Slider): "int",
        (str, Choice): "choice",
        (bool, Switch): "switch",
        (str, Typed): "text",
    }
    return kinds.get((annotated, type(control)))
