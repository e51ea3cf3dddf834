"""Layers by name, and what they give for an input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.utils import _pytree as pytree

from dltui.data.takes import Kind
from dltui.errors import DltuiError, UsageError, nearest

CALL = "#"  # what parts the name of a layer from the number of its call: relu#1 is the first one
Many = (nn.ModuleList, nn.Sequential)


def named_layers(module: nn.Module) -> dict[str, nn.Module]:
    """Return every layer that can be looked at, by name, in the order of registration.

    Containers that are never called themselves (``ModuleList``, ``ModuleDict``) are left out.

    Args:
        module: A network.

    Returns:
        The layers by name, the network itself left out.
    """
    lists = (nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
    return {name: part for name, part in module.named_modules() if name and not isinstance(part, lists)}


def find_layer(module: nn.Module, name: str) -> nn.Module:
    """Return the layer of a name.

    Args:
        module: The network.
        name: Such as ``blocks.0.attention``, or ``relu#1`` for a certain call of a layer that runs several times.

    Returns:
        The layer.

    Raises:
        UsageError: If there is none of that name; it suggests the nearest.
    """
    layers = named_layers(module)
    word, _, call = name.partition(CALL)
    if call and not (call.isdecimal() and int(call)):
        raise UsageError(
            f"can't read {name!r}: expected a layer and the number of its call, such as {word}#1"
        )
    if word in layers:
        return layers[word]
    near = nearest(word, layers)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif len(layers) <= 16:
        hint = f"its layers are {', '.join(layers)}" if layers else "it has none"
    else:
        hint = f"it has {len(layers)}, such as {', '.join(list(layers)[:3])} and {list(layers)[-1]}"
    raise UsageError(f"unknown layer {word!r}: {hint}")


def default_layer(module: nn.Module, kind: Kind) -> str:
    """Return the layer that is looked at when nothing is said.

    Args:
        module: The network.
        kind: What it takes.

    Returns:
        The name of the last convolution for pictures, of the last block for tokens; where there is none, and for other
        inputs, of the last layer with weights before the last.

    Raises:
        UsageError: If the network is a single layer.
    """
    layers = named_layers(module)
    found = [name for name, layer in layers.items() if isinstance(layer, _ConvNd)] if kind == "image" else []
    if kind == "tokens":
        found = _blocks(module)
    if not found:
        found = [n for n, layer in layers.items() if any(True for _ in layer.parameters(recurse=False))]
        found = found[:-1] or found
    if not found:
        raise UsageError(f"{type(module).__name__} has no layers with weights of their own to look into")
    return found[-1]


def _blocks(module: nn.Module) -> list[str]:
    """Return the names of the blocks of the longest list of blocks of one kind."""
    best: list[str] = []
    for name, part in module.named_modules():
        if isinstance(part, Many) and len({type(block) for block in part}) == 1 and len(part) > len(best):
            best = [f"{name}.{i}" if name else str(i) for i in range(len(part))]
    return best


def capture(module: nn.Module, names: Sequence[str], x: Tensor) -> dict[str, Tensor]:
    """Run a network on an input and return what some of its layers gave.

    Where gradients are recorded, those of the output reach what was captured. A layer that overwrites what it gets does
    not change it. Where a layer gives several tensors, the first is taken; where it runs several times, that of the
    last call.

    Args:
        module: The network; it is left as found, and the caller says whether gradients are recorded.
        names: Layers as ``find_layer`` takes them; ``""`` is the network's own output.
        x: The input, shape (n, …).

    Returns:
        What each gave, by the names that were asked for.

    Raises:
        UsageError: If there is no such layer, or the network can't take the input.
        DltuiError: If a layer doesn't run on this input, or gives no tensor.
    """
    found: dict[str, Tensor] = {}
    with watching(module, names, found):
        forward(module, x)
    for name in names:
        if name not in found:
            raise DltuiError(
                f"the layer {name} gives no tensor on this input, or isn't run so often: try another"
            )
    return {name: found[name] for name in names}


def forward(module: nn.Module, x: Tensor) -> Any:
    """Return what a network gives for an input.

    Args:
        module: The network.
        x: The input.

    Returns:
        Its output.

    Raises:
        UsageError: If it can't take such an input.
    """
    try:
        return module(x)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UsageError(f"the model can't take an input of shape {tuple(x.shape)}: {reason}") from error


@contextmanager
def watching(module: nn.Module, names: Sequence[str], found: dict[str, Tensor]) -> Iterator[None]:
    """Put what some layers give into ``found`` while this lasts; nothing is left on the network afterwards.

    Args:
        module: The network.
        names: Layers as ``find_layer`` takes them; ``""`` is the network itself.
        found: What they gave, by name; the last call wins.

    Yields:
        Nothing.
    """
    handles = []
    try:
        for name in dict.fromkeys(names):
            layer = find_layer(module, name) if name else module
            handles.append(layer.register_forward_hook(_catcher(name, found)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _catcher(name: str, found: dict[str, Tensor]) -> Any:
    """Return the hook that catches what a layer gives, and lets the network go on with a copy."""
    wanted = int(name.partition(CALL)[2] or 0)
    calls = 0

    def catch(_: nn.Module, __: object, output: Any) -> Any:
        nonlocal calls
        calls += 1
        if wanted and calls != wanted:
            return None
        leaves, tree = pytree.tree_flatten(output)
        place = next((i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)), None)
        if place is None:
            return None
        caught = found[name] = leaves[place].clone()  # what comes next may overwrite what it is given
        if not (torch.is_grad_enabled() and caught.requires_grad):
            return None
        leaves[place] = caught.clone()
        return pytree.tree_unflatten(leaves, tree)

    return catch
