"""Ways to draw fresh weights, by the names that ``torch.nn.init`` has for them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dltui.errors import UsageError, unknown

OWN = "default"  # as each module draws them itself
DATA = "lsuv"  # needs data: see ``initial``
TORCH = {
    name: getattr(nn.init, f"{name}_")
    for name in (
        *("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal", "trunc_normal"),
        *("normal", "uniform", "constant", "zeros", "ones", "eye", "dirac", "sparse"),
    )
}


def lecun_normal_(tensor: Tensor) -> Tensor:
    """Draw from N(0, 1/fan_in) (LeCun et al. 1998, *Efficient BackProp*)."""
    return nn.init.kaiming_normal_(tensor, nonlinearity="linear")


def lecun_uniform_(tensor: Tensor) -> Tensor:
    """Draw uniformly with variance 1/fan_in."""
    return nn.init.kaiming_uniform_(tensor, nonlinearity="linear")


SCHEMES: dict[str, Callable[..., Tensor]] = {
    **TORCH,
    "lecun_normal": lecun_normal_,
    "lecun_uniform": lecun_uniform_,
}
FIRST = {"normal": "std", "trunc_normal": "std", "uniform": "b", "constant": "val", "sparse": "sparsity"}


@dataclass(frozen=True)
class Scheme:
    """A way to draw fresh weights.

    Attributes:
        spelled: As it was spelled, such as ``normal:0.01``.
        name: ``default``, ``lsuv``, or one of ``SCHEMES``.
        options: What the drawing function is called with.
    """

    spelled: str
    name: str
    options: Mapping[str, Any]

    def draw(self, module: nn.Module) -> None:
        """Give a model fresh weights: matrices and kernels by the scheme, biases 0, scales of norms 1.

        Args:
            module: The model; its weights are overwritten.

        Raises:
            UsageError: If the scheme can't draw a tensor of this model.
        """
        for path, part in module.named_modules():
            reset = getattr(part, "reset_parameters", None)
            own = dict(part.named_parameters(recurse=False))
            if callable(reset):
                reset()
            if self.name == OWN:
                if own and not callable(reset):
                    raise UsageError(
                        f"can't draw {', '.join(own)} of {path or type(module).__name__} afresh: {type(part).__name__} "
                        "has no reset_parameters(); try another scheme, such as --init kaiming_normal"
                    )
                continue
            for name, parameter in own.items():
                self._fill(f"{path}.{name}".lstrip("."), parameter, cleared=callable(reset))

    def _fill(self, name: str, parameter: nn.Parameter, *, cleared: bool) -> None:
        """Draw one tensor."""
        with torch.no_grad():
            if parameter.ndim < 2:
                if "bias" in name or not cleared:
                    parameter.zero_()
                return
            try:
                (nn.init.orthogonal_ if self.name == DATA else SCHEMES[self.name])(parameter, **self.options)
            except (ValueError, TypeError) as error:
                raise UsageError(
                    f"{self.spelled} can't draw {name} of shape {tuple(parameter.shape)}: {error}; try kaiming_normal"
                ) from error


def spelled_scheme(text: str) -> Scheme:
    """Return the scheme that a text such as ``kaiming_normal``, ``normal:0.01`` or ``orthogonal:gain=1.4`` spells.

    Args:
        text: A name, and after a colon a number or ``knob=value,knob=value``.

    Returns:
        The scheme.

    Raises:
        UsageError: If there is none of that name, or it has no such knob.
    """
    name, _, tail = text.strip().partition(":")
    name = name.removesuffix("_")
    if name not in (OWN, DATA, *SCHEMES):
        raise unknown("way to draw weights", name, [OWN, *SCHEMES, DATA])
    known = {} if name in (OWN, DATA) else _knobs(SCHEMES[name])
    options: dict[str, Any] = {}
    for part in filter(None, tail.split(",")):
        knob, equals, value = part.partition("=")
        if not equals:
            knob, value = FIRST.get(name, ""), part
        if knob not in known:
            told = f"expected {' or '.join(known)}" if known else f"write {name} alone"
            raise UsageError(f"can't read {part!r} in the way to draw weights {text!r}: {told}")
        options[knob] = _value(value, text)
    if name == "constant" or name == "sparse":
        options = {"val": 0.1} | options if name == "constant" else {"sparsity": 0.1} | options
    if name == "uniform" and "a" not in options and "b" in options:
        options["a"] = -options["b"]
    return Scheme(text, name, options)


def _knobs(function: Callable[..., Tensor]) -> list[str]:
    """Return what a drawing function can be told besides the tensor."""
    return [name for name in inspect.signature(function).parameters if name not in {"tensor", "generator"}]


def _value(text: str, whole: str) -> float | str:
    """Return a number, or a word such as ``fan_out``."""
    if text.isidentifier():
        return text
    try:
        return float(text.replace("−", "-"))
    except ValueError:
        raise UsageError(
            f"can't read {text!r} in the way to draw weights {whole!r}: expected a number; try normal:0.01"
        ) from None
