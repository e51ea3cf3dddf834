"""A private copy of a model without its numbers, so that what is looked at stays as it was found."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter, is_lazy

from dltui.errors import UsageError
from dltui.instruments.summary.kernels import hollow

HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_hooks", "_backward_pre_hooks")
SPECIAL = ("__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__")  # classes that copy themselves
ATOMS = frozenset({
    int,
    float,
    bool,
    str,
    bytes,
    complex,
    type(None),
    type,
    np.ndarray,
    torch.dtype,
    torch.device,
})
EMPTY = frozenset({dict, list, set, OrderedDict})
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

    Raises:
        UsageError: If it is a TorchScript program, which can't be copied without its numbers.
    """
    model, remarks = _unwrapped(model)
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise UsageError(
            f"{type(model).__name__} is a TorchScript program: give the module that it was made from"
        )
    own = [hook for hooks in _hooks(model) for hook in hooks.values() if not _is_torch(hook)]
    copied: nn.Module = _Copier(device, {id(hook): _nothing for hook in own}).of(model)
    if own:
        for hooks in _hooks(copied):
            for key in [key for key, hook in hooks.items() if hook is _nothing]:
                del hooks[key]
    return Skeleton(copied, len(own), remarks)


class _Copier:
    """``copy.deepcopy`` for modules: tensors go to a device, what can't be copied is shared, and it is quicker."""

    def __init__(self, device: torch.device, memo: dict[int, Any]) -> None:
        self._device = device
        self._memo = memo

    def of(self, module: nn.Module) -> nn.Module:
        """Return the copy of a module, always the same one."""
        done: nn.Module | None = self._memo.get(id(module))
        if done is not None:
            return done
        kind = type(module)
        if any(getattr(kind, name, None) is not getattr(nn.Module, name, None) for name in SPECIAL):
            for tensor in _all_tensors(module):
                self._tensor(tensor)
            copied: nn.Module = copy.deepcopy(module, self._memo)
            return copied
        made = kind.__new__(kind)
        self._memo[id(module)] = made
        state = vars(made)
        for name, value in vars(module).items():
            state[name] = self._attribute(name, value)
        return made

    def _attribute(self, name: str, value: Any) -> Any:
        """Return the copy of what a module holds under a name."""
        if name in {"_parameters", "_buffers"}:
            return {key: None if tensor is None else self._tensor(tensor) for key, tensor in value.items()}
        if name == "_modules":
            return {key: None if module is None else self.of(module) for key, module in value.items()}
        if name == "_compiled_call_impl":
            return None
        if type(value) in ATOMS or (type(value) is tuple and all(type(part) in ATOMS for part in value)):
            return value
        if type(value) in EMPTY and not value:
            return type(value)()
        for tensor in _tensors_of(value):
            self._tensor(tensor)
        try:
            return copy.deepcopy(value, self._memo)
        except Exception:  # noqa: BLE001 - locks, generators, files: whatever their class raises, they are shared then
            return value

    def _tensor(self, tensor: Tensor) -> Tensor:
        """Return the copy of a tensor, always the same one."""
        made: Tensor | None = self._memo.get(id(tensor))
        if made is None:
            made = self._memo[id(tensor)] = _moved(tensor, self._device)
        return made


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
        made = hollow(tensor)
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
        for value in vars(module).values():
            yield from _tensors_of(value)


def _tensors_of(value: Any) -> Iterator[Tensor]:
    """Yield a tensor, or those in a list or dictionary."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple | dict):
        inner = value.values() if isinstance(value, dict) else value
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
