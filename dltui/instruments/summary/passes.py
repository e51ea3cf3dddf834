"""The two forward passes behind a summary: one for shapes and costs, one for what the backward pass needs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from dltui.errors import DltuiError
from dltui.instruments.summary.fused import FusedKernels
from dltui.instruments.summary.inputs import Inputs
from dltui.instruments.summary.kept import Kept
from dltui.instruments.summary.trace import Trace
from dltui.instruments.summary.values import Told, told

META = torch.device("meta")


@dataclass
class Passed:
    """What both passes found.

    Attributes:
        model: The private copy that ran.
        device: Where it ran.
        inputs: Tensors that went in.
        outputs: Tensors that came out.
        trace: Calls, costs and shapes.
        kept: What the backward pass needs, or None when that pass failed.
        kept_mode: The mode of that pass.
        remarks: What went otherwise than expected.
    """

    model: nn.Module
    device: torch.device
    inputs: list[Told]
    outputs: list[Told]
    trace: Trace
    kept: Kept | None
    kept_mode: str
    remarks: list[str] = field(default_factory=list)


def run(model: nn.Module, inputs: Inputs, device: torch.device, mode: str | None) -> Passed:
    """Run a private copy of a model twice.

    Args:
        model: The copy, on ``device``; it is hooked and of no use afterwards.
        inputs: What goes in, on any device.
        device: Where to run.
        mode: ``train`` or ``eval`` for both passes; when None, costs are those of evaluation, and what is kept is
            what training keeps.

    Returns:
        What was found.

    Raises:
        Exception: Whatever the model raises.
    """
    placed = inputs.on(device)
    with _surroundings(device):
        if any(is_lazy(p) for p in model.parameters()):
            with torch.no_grad():
                model.eval()(*placed.args, **placed.kwargs)
        model.train(mode == "train")
        weights = _storages(model)
        trace = Trace((placed.args, placed.kwargs), weights=weights)
        trace.watch(model)
        with torch.no_grad(), FusedKernels(), trace:
            out = model(*placed.args, **placed.kwargs)
        found = Passed(model, device, told(_given(placed)), told(out), trace, None, mode or "train")
        del out
        _forget(model)
        _keep(found, placed, weights, mode)
    return found


def _keep(found: Passed, inputs: Inputs, weights: set[int], mode: str | None) -> None:
    """Run the pass that autograd watches; in evaluation mode where the model can't train on such inputs."""
    for kept_mode in [mode] if mode else ["train", "eval"]:
        found.model.train(kept_mode == "train")
        kept = Kept(weights)
        try:
            kept.run(found.model, inputs)
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            told_why = reason(error)
            found.remarks.append(
                f"what training keeps is not known: in {kept_mode} mode the model fails, {told_why}"
            )
            _forget(found.model)
            continue
        found.kept, found.kept_mode = kept, kept_mode
        return


def reason(error: BaseException) -> str:
    """Return the first line of an error."""
    if isinstance(error, DltuiError):
        return str(error)
    text = str(error).strip().partition("\n")[0].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _given(inputs: Inputs) -> Any:
    """Return the arguments as one value; those by name keep their names."""
    return {**dict(enumerate(inputs.args)), **inputs.kwargs}


def _storages(model: nn.Module) -> set[int]:
    """Return the storages of parameters and buffers."""
    return {t.untyped_storage()._cdata for t in (*model.parameters(), *model.buffers()) if not is_lazy(t)}


def _forget(model: nn.Module) -> None:
    """Take the hooks of a pass off again; those of torch itself stay."""
    for module in model.modules():
        for hooks in (module._forward_pre_hooks, module._forward_hooks):
            for key in [
                k for k, hook in hooks.items() if isinstance(getattr(hook, "__self__", None), Trace | Kept)
            ]:
                del hooks[key]
                for flags in (module._forward_pre_hooks_with_kwargs, module._forward_hooks_always_called):
                    flags.pop(key, None)


@contextmanager
def _surroundings(device: torch.device) -> Iterator[None]:
    """Let new tensors lie on the meta device where the model does, keep fused encoders from hiding work, be quiet."""
    fast = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if device.type == "meta":
            stack.enter_context(META)
        torch.backends.mha.set_fastpath_enabled(False)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast)
        yield
