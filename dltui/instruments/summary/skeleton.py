"""A private copy of a model without its numbers, so that what is looked at stays as it was found."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy

HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_hooks", "_backward_pre_hooks")
WRAPPERS = ("DataParallel", "DistributedDataParallel", "OptimizedModule")


@dataclass
class Skeleton:
    """A copy whose tensors lie elsewhere.

    Attributes:
        module: The copy.
        hooks: How many hooks of the user's own were left out of it.
        remarks: What else is different from the model that was given.
    """

    module: nn.Module
    hooks: int = 0
    remarks: list[str] = field(default_factory=list)


def skeleton(model: nn.Module, device: torch.device) -> Skeleton:
    """Return a copy of a model on a device; the model itself is only read.

    Hooks of torch itself, such as those of pruning and weight normalisation, are copied, for they compute; hooks of
    the user's own are left out, for they may collect what they see.

    Args:
        model: Any module.
        device: ``meta`` for a copy without numbers.

    Returns:
        The copy.
    """
    model, remarks = _unwrapped(model)
    memo: dict[int, Any] = {id(tensor): _moved(tensor, device) for tensor in _all_tensors(model)}
    # what stands in the memo must stay alive as long as the memo, and arrays are read, not written
    arrays = [v for m in model.modules() for v in vars(m).values() if isinstance(v, np.ndarray)]
    memo |= {id(array): array for array in arrays}
    own = [hook for hooks in _hooks(model) for hook in hooks.values() if not _is_torch(hook)]
    memo |= {id(hook): _nothing for hook in own}
    copied = _copied(model, memo)
    for hooks in _hooks(copied):
        for key in [key for key, hook in hooks.items() if hook is _nothing]:
            del hooks[key]
    if any(isinstance(m, torch.jit.ScriptModule) for m in copied.modules()):
        copied = copied.to(device)
    return Skeleton(copied, len(own), remarks)


def _copied(model: nn.Module, memo: dict[int, Any]) -> nn.Module:
    """Return the copy; attributes that can't be copied, such as locks and generators, are shared."""
    try:
        return copy.deepcopy(model, dict(memo))
    except (TypeError, RuntimeError, ValueError, NotImplementedError):
        pass
    for module in model.modules():
        for name, value in vars(module).items():
            if name not in {"_parameters", "_buffers", "_modules"} and not _copies(value, memo):
                memo[id(value)] = value
    return copy.deepcopy(model, memo)


def _copies(value: Any, memo: dict[int, Any]) -> bool:
    """Return whether an attribute can be copied."""
    try:
        copy.deepcopy(value, dict(memo))
    except Exception:  # noqa: BLE001 - whatever a class of the user's raises, its object is shared then
        return False
    return True


def _unwrapped(model: nn.Module) -> tuple[nn.Module, list[str]]:
    """Return the model inside wrappers that spread or compile it."""
    remarks = []
    while type(model).__name__ in WRAPPERS:
        inner = getattr(model, "module", None) or getattr(model, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            break
        remarks.append(f"what is inside {type(model).__name__} is told, not the wrapper")
        model = inner
    return model, remarks


def _moved(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor of the same kind on a device, with its numbers unless that is ``meta``."""
    wants = tensor.requires_grad
    if is_lazy(tensor) and isinstance(tensor, nn.Parameter):
        return UninitializedParameter(requires_grad=wants, device=device, dtype=tensor.dtype)  # type: ignore[call-arg]
    if is_lazy(tensor):
        return UninitializedBuffer(device=device, dtype=tensor.dtype)  # type: ignore[call-arg]
    if device.type == "meta":
        made = torch.empty_like(tensor, device="meta", requires_grad=False)
    else:
        made = tensor.detach().to(device, copy=True)
    return (
        nn.Parameter(made, requires_grad=wants)
        if isinstance(tensor, nn.Parameter)
        else made.requires_grad_(wants)
    )


def _all_tensors(model: nn.Module) -> Iterator[Tensor]:
    """Yield parameters, buffers, and tensors that modules keep as plain attributes or in lists of such."""
    for module in model.modules():
        yield from (p for p in module._parameters.values() if p is not None)
        yield from (b for b in module._buffers.values() if b is not None)
        for name, value in vars(module).items():
            if name in {"_parameters", "_buffers", "_modules"}:
                continue
            inner = value.values() if isinstance(value, dict) else value
            if isinstance(value, Tensor):
                yield value
            elif isinstance(value, list | tuple | dict):
                yield from (one for one in inner if isinstance(one, Tensor))


def _hooks(model: nn.Module) -> Iterator[dict[int, Any]]:
    """Yield the tables of hooks of every module."""
    for module in model.modules():
        yield from (vars(module)[name] for name in HOOKS if vars(module).get(name))


def _is_torch(hook: Any) -> bool:
    """Return whether a hook belongs to torch: by its function, or by a class that it descends from."""
    hook = getattr(hook, "func", hook)
    places = [getattr(hook, "__module__", None) or ""]
    places += [kind.__module__ for kind in type(hook).__mro__ if not isinstance(hook, nn.Module)]
    return any(place.partition(".")[0] == "torch" for place in places)


def _nothing(*_: Any, **__: Any) -> None:
    """Stand where a hook stood."""
