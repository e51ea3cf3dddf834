"""Giving a model fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.instruments.gradients.signal import weighty
from dltui.instruments.schemes import DATA, OWN, Scheme
from dltui.objective import Objective, Twin


def draw(scheme: Scheme, objective: Objective, twin: Twin) -> None:
    """Give a copy of a model fresh weights: matrices and kernels by the scheme, biases 0, scales of norms 1.

    Args:
        scheme: How.
        objective: The loss; its first block is what ``lsuv`` looks at.
        twin: The copy; its weights are overwritten.

    Raises:
        UsageError: If the scheme can't draw a tensor of this model.
    """
    for path, module in twin.module.named_modules():
        reset = getattr(module, "reset_parameters", None) or getattr(module, "_reset_parameters", None)
        if callable(reset):
            reset()
        own = dict(module.named_parameters(recurse=False))
        if scheme.name != OWN:
            for name, parameter in own.items():
                _fill(scheme, f"{path}.{name}".lstrip("."), parameter)
        elif own and not callable(reset):
            raise UsageError(
                f"can't draw {', '.join(own)} of {path or type(module).__name__} afresh: {type(module).__name__} has "
                "no reset_parameters(); try another way, such as --init kaiming_normal"
            )
    if scheme.name == DATA:
        _scale(objective, twin)


def _fill(scheme: Scheme, name: str, parameter: nn.Parameter) -> None:
    """Draw one tensor."""
    with torch.no_grad():
        if parameter.ndim < 2:
            if "bias" in name:
                parameter.zero_()
            return
        try:
            _function(scheme.name)(parameter, **scheme.options)
        except (ValueError, TypeError, RuntimeError) as error:
            raise UsageError(
                f"{scheme.spelled} can't draw {name} of shape {tuple(parameter.shape)}: {error}; "
                "try --init kaiming_normal"
            ) from error


def _function(name: str) -> Callable[..., Any]:
    """Return what draws one tensor."""
    if name == DATA:
        return nn.init.orthogonal_
    if name.startswith("lecun"):  # variance 1/fan_in (LeCun et al. 1998, Efficient BackProp)
        kaiming = nn.init.kaiming_normal_ if name.endswith("normal") else nn.init.kaiming_uniform_
        return lambda tensor: kaiming(tensor, nonlinearity="linear")
    function: Callable[..., Any] = getattr(nn.init, f"{name}_")
    return function


def _scale(objective: Objective, twin: Twin) -> None:
    """Scale each layer in turn so that what it gives has variance 1; biases being 0, one pass is enough."""

    def hook(module: nn.Module, _: object, output: Any) -> Any:
        if not weighty(module) or not isinstance(output, Tensor) or id(module) in done:
            return None
        done.add(id(module))
        size = float(output.std(correction=0))
        if not size:
            return None
        for parameter in module._parameters.values():
            if parameter is not None and parameter.ndim >= 2:
                parameter.div_(size)
        return output / size

    done: set[int] = set()
    handles = [module.register_forward_hook(hook) for module in twin.module.modules()]
    with torch.no_grad():
        objective.outputs(twin, objective.blocks[0][0])
    for handle in handles:
        handle.remove()
