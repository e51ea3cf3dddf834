"""What goes into a model: from shapes to tensors, and a guess where nothing was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from dltui.errors import UsageError
from dltui.instruments.summary.kernels import hollow
from dltui.instruments.summary.values import mapped

Sizes = Sequence[int]
Dtypes = Sequence[torch.dtype] | Mapping[str, torch.dtype] | None


@dataclass(frozen=True)
class Inputs:
    """Arguments of ``forward``.

    Attributes:
        args: By their place.
        kwargs: By name.
    """

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def on(self, device: torch.device) -> Inputs:
        """Return the same on a device; from ``meta``, where there are no numbers, ones are made up."""
        placed: dict[int, Tensor] = {}  # a tensor that is given twice is one tensor there too

        def put(tensor: Tensor) -> Tensor:
            if id(tensor) not in placed:
                placed[id(tensor)] = _put(tensor, device)
            return placed[id(tensor)]

        return Inputs(mapped(self.args, put), mapped(self.kwargs, put))


def from_sizes(sizes: Any, dtypes: Dtypes, usual: torch.dtype, *, tokens: bool) -> Inputs:
    """Return inputs of given shapes, without numbers.

    Args:
        sizes: One shape, a list of shapes, or shapes by name of the argument.
        dtypes: A type for each, in the same order or by name; floats of the model's own type when left out.
        usual: The model's own floating type.
        tokens: Whether the model starts by looking up indices, so that its first input is whole numbers.

    Returns:
        Tensors on the meta device.

    Raises:
        UsageError: If sizes are no shapes, or types don't go with them.
    """
    named = isinstance(sizes, Mapping)
    listed = list(sizes.items()) if named else [(str(i), one) for i, one in enumerate(_shapes(sizes))]
    kinds = _dtypes(dtypes, [name for name, _ in listed])
    made = {}
    for place, (name, shape) in enumerate(listed):
        dtype = kinds.get(name) or (torch.int64 if tokens and place == 0 else usual)
        made[name] = torch.empty(tuple(_sizes(shape)), dtype=dtype, device="meta")
    return Inputs(kwargs=made) if named else Inputs(args=tuple(made.values()))


def from_data(data: Any) -> Inputs:
    """Return given data as arguments: a list or tuple is several, a mapping goes by name, all else is the first."""
    if isinstance(data, Mapping):
        return Inputs(kwargs=dict(data))
    if isinstance(data, tuple | list) and not hasattr(data, "_fields"):
        return Inputs(args=tuple(data))
    return Inputs(args=(data,))


def _put(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor on a device."""
    if device.type == "meta":
        return hollow(tensor) if tensor.device.type != "meta" else tensor.detach()
    if tensor.device.type != "meta":
        return tensor.detach().to(device, copy=True)  # a model may write into what it is given
    if tensor.is_floating_point() or tensor.is_complex():
        return torch.randn(tensor.shape, dtype=tensor.dtype, device=device)
    return torch.zeros(tensor.shape, dtype=tensor.dtype, device=device)


def _shapes(sizes: Any) -> list[Any]:
    """Return one shape or a list of shapes as a list."""
    if isinstance(sizes, Sequence) and not isinstance(sizes, str):
        return [sizes] if all(isinstance(n, int) for n in sizes) else list(sizes)
    raise UsageError(
        f"input_size {sizes!r} is no shape: expected such as (1, 3, 224, 224), or a list of such"
    )


def _sizes(shape: Any) -> list[int]:
    """Return a shape after checking it."""
    if isinstance(shape, Sequence) and all(isinstance(n, int) and n >= 0 for n in shape):
        return list(shape)
    raise UsageError(f"{shape!r} is no shape: expected whole numbers such as (1, 3, 224, 224)")


def _dtypes(dtypes: Dtypes, names: list[str]) -> Mapping[str, torch.dtype | None]:
    """Return types by name of the input."""
    if dtypes is None:
        return {}
    if isinstance(dtypes, Mapping):
        strange = [name for name in dtypes if name not in names]
        if strange:
            raise UsageError(f"dtypes names {strange[0]!r}, but the inputs are {', '.join(names)}")
        return dtypes
    if len(dtypes) != len(names):
        raise UsageError(f"{len(dtypes)} dtypes for {len(names)} inputs: give one for each")
    return dict(zip(names, dtypes, strict=True))
