"""The register of networks that dltui knows by name; reading it imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from dltui.models._names import NAMES
from dltui.registry import Registry
from dltui.spelling import settle_knobs, split_knobs

if TYPE_CHECKING:
    from torch import nn

Builder = Callable[..., "nn.Module"]
B = TypeVar("B", bound=Builder)

MODELS: Registry[Builder] = Registry("model", NAMES)


def model(name: str) -> Callable[[B], B]:
    """Register the function below as the builder of the network ``name``.

    Args:
        name: How people spell it.

    Returns:
        A decorator for ``(input_shape: tuple[int, ...], outputs: int, *, knob=default, …) -> nn.Module``.
    """

    def put(builder: B) -> B:
        MODELS.register(name, builder)
        return builder

    return put


def build(spec: str, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Return a fresh network, its weights drawn from torch's generator as it stands.

    Args:
        spec: A registered name, with knobs or without: ``lenet``, ``mlp:width=128,depth=3``.
        input_shape: Shape of one sample, without the batch.
        outputs: Numbers that it shall give for one sample.

    Returns:
        The network, in training mode on the CPU.

    Raises:
        UsageError: If the name or a knob isn't known, or the network can't take such samples.
    """
    name, knobs = split_knobs("model", spec)
    builder = MODELS.load(name)
    return builder(input_shape, outputs, **settle_knobs(name, builder, knobs))
