"""Activations as torch computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltui.instruments.byhand.answer import WITNESSES, Body, witness

if TYPE_CHECKING:
    from torch import Tensor

# operation → name in torch.nn.functional; parameters and settings have torch's names
SAME = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "logsigmoid": "logsigmoid",
    "softplus": "softplus",
    "softsign": "softsign",
    "tanhshrink": "tanhshrink",
    "silu": "silu",
    "mish": "mish",
    "gelu": "gelu",
    "glu": "glu",
    "relu": "relu",
    "leakyrelu": "leaky_relu",
    "elu": "elu",
    "selu": "selu",
    "celu": "celu",
    "relu6": "relu6",
    "hardtanh": "hardtanh",
    "hardswish": "hardswish",
    "softshrink": "softshrink",
    "hardshrink": "hardshrink",
    "threshold": "threshold",
}


def _functional(name: str) -> Body:
    """Return the function of torch.nn.functional, looked up when it is called."""

    def body(x: Tensor, **settings: Any) -> Any:
        from torch.nn import functional

        return getattr(functional, name)(x, **settings)

    return body


WITNESSES.update({operation: _functional(name) for operation, name in SAME.items()})


@witness("prelu")
def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """Return torch's ReLU with a learned slope."""
    from torch.nn import functional

    return functional.prelu(x, weight)


@witness("hardsigmoid")
def hardsigmoid(x: Tensor) -> Tensor:
    """Return torch's hard sigmoid by its definition: the slope of its kernel is 1/6 to float32 only."""
    from torch.nn import functional

    return functional.relu6(x + 3) / 6
