"""The nonlinearities that configurations of pretrained transformers name."""

from __future__ import annotations

from torch import nn

from dltui.errors import DltuiError, unknown

TANH_GELU = ("gelu_new", "gelu_fast", "gelu_pytorch_tanh")  # one function under three names
NAMED = ("gelu", "relu", "silu", "swish", "tanh", *TANH_GELU)


def named_activation(name: str) -> nn.Module:
    """Return the nonlinearity that a ``config.json`` names.

    Args:
        name: As it is written under ``hidden_act`` or ``activation_function``.

    Returns:
        A module without parameters.

    Raises:
        DltuiError: If the name isn't known.
    """
    if name in TANH_GELU:
        return nn.GELU(approximate="tanh")
    plain: dict[str, type[nn.Module]] = {
        "gelu": nn.GELU, "relu": nn.ReLU, "silu": nn.SiLU, "swish": nn.SiLU, "tanh": nn.Tanh,
    }  # fmt: skip
    if name not in plain:
        raise DltuiError(str(unknown("activation", name, NAMED)))
    return plain[name]()
