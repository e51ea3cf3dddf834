"""How ways to draw fresh weights are spelled, by the names that ``torch.nn.init`` has for them; torch is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dltui.errors import UsageError, unknown

OWN = "default"  # as each module draws its own
DATA = "lsuv"  # orthogonal, then scaled so that every layer gives variance 1 (Mishkin and Matas 2016, arXiv:1511.06422)
GAIN = ("gain",)
KAIMING = ("nonlinearity", "mode", "a")
# name -> what it can be told; the first is what a bare value after the colon means
KNOBS: dict[str, tuple[str, ...]] = {
    OWN: (),
    "xavier_uniform": GAIN,
    "xavier_normal": GAIN,
    "kaiming_uniform": KAIMING,
    "kaiming_normal": KAIMING,
    "lecun_uniform": (),
    "lecun_normal": (),
    "orthogonal": GAIN,
    "normal": ("std", "mean"),
    "trunc_normal": ("std", "mean", "a", "b"),
    "uniform": ("b", "a"),
    "sparse": ("sparsity", "std"),
    "constant": ("val",),
    "zeros": (),
    "ones": (),
    "eye": (),
    "dirac": ("groups",),
    DATA: (),
}
WORDS = {
    "mode": ("fan_in", "fan_out"),
    "nonlinearity": ("relu", "leaky_relu", "tanh", "sigmoid", "selu", "linear"),
}


@dataclass(frozen=True)
class Scheme:
    """A way to draw fresh weights.

    Attributes:
        spelled: As it was spelled, such as ``normal:0.01``.
        name: One of ``KNOBS``.
        options: What it was told.
    """

    spelled: str
    name: str
    options: Mapping[str, float | int | str] = field(default_factory=dict)


def spelled_scheme(text: str) -> Scheme:
    """Return the scheme that a text such as ``kaiming_normal:tanh``, ``normal:0.01`` or ``orthogonal:gain=1.4`` spells.

    Args:
        text: A name, and after a colon a value or ``knob=value,knob=value``.

    Returns:
        The scheme.

    Raises:
        UsageError: If there is none of that name, or it can't be told that.
    """
    name, _, tail = text.strip().partition(":")
    name = name.removesuffix("_")
    if name not in KNOBS:
        raise unknown("way to draw weights", name, KNOBS)
    options: dict[str, float | int | str] = {}
    for part in filter(None, tail.split(",")):
        knob, equals, value = part.partition("=")
        if not equals and KNOBS[name]:
            knob, value = KNOBS[name][0], part
        if knob not in KNOBS[name]:
            told = (
                f"expected {' or '.join(f'{k}=…' for k in KNOBS[name])}"
                if KNOBS[name]
                else f"write {name} alone"
            )
            raise UsageError(f"can't read {part!r} in the way to draw weights {text!r}: {told}")
        options[knob] = _value(knob, value, text)
    if name == "uniform" and "a" not in options:
        options = {"b": options.get("b", 1.0), "a": -float(options.get("b", 1.0))}
    return Scheme(
        text.strip(), name, {"constant": {"val": 0.1}, "sparse": {"sparsity": 0.1}}.get(name, {}) | options
    )


def _value(knob: str, text: str, whole: str) -> float | int | str:
    """Return what a knob is set to."""
    if knob in WORDS:
        if text not in WORDS[knob]:
            raise UsageError(
                f"can't read {text!r} in the way to draw weights {whole!r}: expected {', '.join(WORDS[knob])}"
            )
        return text
    try:
        value = float(text.replace("−", "-"))
    except ValueError:
        raise UsageError(
            f"can't read {text!r} in the way to draw weights {whole!r}: expected a number; try normal:0.01"
        ) from None
    return int(value) if knob == "groups" else value
