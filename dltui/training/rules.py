"""The optimisers of torch by name with what each lets one set; reading this imports no torch."""

from __future__ import annotations

from typing import Literal

from dltui.errors import UsageError, unknown
from dltui.spelling import TRUTH

Kind = Literal["number", "whole", "switch", "numbers", "word"]
Argument = float | int | bool | str | tuple[float, ...]

# name -> class in torch.optim, what can be set besides lr and weight_decay; a test holds this and torch together.
_ADAM: dict[str, Kind] = {"betas": "numbers", "eps": "number"}
RULES: dict[str, tuple[str, dict[str, Kind]]] = {
    "sgd": ("SGD", {"momentum": "number", "dampening": "number", "nesterov": "switch"}),
    "adam": ("Adam", _ADAM | {"amsgrad": "switch", "decoupled_weight_decay": "switch"}),
    "adamw": ("AdamW", _ADAM | {"amsgrad": "switch"}),
    "adamax": ("Adamax", _ADAM),
    "nadam": ("NAdam", _ADAM | {"momentum_decay": "number", "decoupled_weight_decay": "switch"}),
    "radam": ("RAdam", _ADAM | {"decoupled_weight_decay": "switch"}),
    "sparse-adam": ("SparseAdam", _ADAM),
    "rmsprop": ("RMSprop", {"alpha": "number", "eps": "number", "momentum": "number", "centered": "switch"}),
    "adagrad": ("Adagrad", {"lr_decay": "number", "initial_accumulator_value": "number", "eps": "number"}),
    "adadelta": ("Adadelta", {"rho": "number", "eps": "number"}),
    "adafactor": ("Adafactor", {"beta2_decay": "number", "eps": "numbers", "d": "number"}),
    "asgd": ("ASGD", {"lambd": "number", "alpha": "number", "t0": "number"}),
    "rprop": ("Rprop", {"etas": "numbers", "step_sizes": "numbers"}),
    "lbfgs": (
        "LBFGS",
        {
            "max_iter": "whole",
            "max_eval": "whole",
            "tolerance_grad": "number",
            "tolerance_change": "number",
            "history_size": "whole",
            "line_search_fn": "word",
        },
    ),
    "muon": (
        "Muon",
        {
            "momentum": "number",
            "nesterov": "switch",
            "ns_coefficients": "numbers",
            "eps": "number",
            "ns_steps": "whole",
            "adjust_lr_fn": "word",
        },
    ),
}
UNDECAYED = {"sparse-adam", "rprop", "lbfgs"}  # rules that know no weight decay
OURS: dict[str, dict[str, Argument]] = {
    "sgd": {"momentum": 0.9}
}  # where torch's own default is no good choice
NOUNS: dict[Kind, str] = {
    "number": "a number",
    "whole": "a whole number",
    "switch": "true or false",
    "numbers": "numbers with commas between them",
    "word": "a word",
}


def kinds_of(rule: str) -> dict[str, Kind]:
    """Return what the rule lets one set besides ``lr`` and ``weight_decay``.

    Raises:
        UsageError: If torch has no such optimiser; it suggests the nearest.
    """
    if rule not in RULES:
        raise unknown("optimizer", rule, RULES)
    return RULES[rule][1]


def accept(rule: str, name: str, value: object) -> Argument:
    """Return a value as the type that an argument of a rule has.

    Args:
        rule: Name of the optimiser.
        name: Name of the argument.
        value: What was given: text from a command line, or a value from a file.

    Returns:
        The value.

    Raises:
        UsageError: If the rule has no such argument, or the value is of another type.
    """
    kinds = kinds_of(rule)
    if name not in kinds:
        raise unknown(f"argument of the optimizer {rule}", name, ["lr", "weight_decay", *kinds])
    kind = kinds[name]
    try:
        return _typed(kind, value)
    except (TypeError, ValueError):
        raise UsageError(f"optimizer.{name} of {rule} must be {NOUNS[kind]}, not {value!r}") from None


def _typed(kind: Kind, value: object) -> Argument:
    """Return ``value`` as its kind, or raise what the conversion raises."""
    if kind == "numbers":
        parts = value.strip("()[] ").split(",") if isinstance(value, str) else value
        return tuple(float(part) for part in parts)  # type: ignore[attr-defined]
    if kind == "switch":
        if str(value).lower() not in TRUTH:
            raise ValueError
        return TRUTH[str(value).lower()]
    if kind == "word":
        return str(value)
    if isinstance(value, bool):
        raise TypeError
    number = float(value)  # type: ignore[arg-type]
    if kind == "number":
        return number
    if not number.is_integer():
        raise ValueError
    return int(number)
