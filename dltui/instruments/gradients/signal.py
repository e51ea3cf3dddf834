"""How large the signal is in every layer on its way forward, and the gradient on its way back.

A *layer* here is a module that owns a matrix or a kernel; it is known by zₗ, what it gives, and δₗ = ∂ℓᵢ/∂zₗ, the
gradient of one sample's loss there. Activation functions are seen as the operations that they are, so that
``torch.relu`` in a ``forward`` counts as ``nn.ReLU`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from dltui.instruments.gradients.activations import Firing, activation, square, total
from dltui.objective import Twin


@dataclass(eq=False)
class Layer:
    """What has been seen of one layer.

    Attributes:
        name: Its name in the model; a second use in one forward pass is another layer, ``name #2``.
        kind: The class of the module.
        module: The module.
        samples: Samples that went forward.
        numbers: Numbers of zₗ that were seen.
        sum: Their sum.
        squares: Sum of their squares.
        back: Σᵢ ‖δₗ‖² over the samples.
        back_numbers: Numbers of δₗ that were seen.
        input_squares: Sum of squares of what went in.
        input_numbers: Numbers that went in.
        chained: Whether what went in is what came out of the layer before or of the activation after that.
        activation: The activation function that follows, or None.
    """

    name: str
    kind: str
    module: nn.Module
    samples: int = 0
    numbers: int = 0
    sum: float = 0.0
    squares: float = 0.0
    back: float = 0.0
    back_numbers: int = 0
    input_squares: float = 0.0
    input_numbers: int = 0
    chained: bool = True
    activation: Firing | None = None


@dataclass(eq=False)
class Signal:
    """What has been seen of a model.

    Attributes:
        layers: In the order in which they were first used.
        activations: Activation functions in that order.
    """

    layers: dict[str, Layer] = field(default_factory=dict)
    activations: dict[str, Firing] = field(default_factory=dict)


@contextmanager
def listening(twin: Twin) -> Iterator[Signal]:
    """Watch the forward and backward passes of a twin.

    Args:
        twin: A copy of the model; as before afterwards.

    Yields:
        What is seen, filled as blocks go through.
    """
    ear = _Ear()
    module = twin.module
    forward = module.forward
    removable = [
        handle
        for path, part in module.named_modules()
        for handle in (
            part.register_forward_pre_hook(ear.enter(path)),
            part.register_forward_hook(ear.leave(path)),
        )
    ]

    def watched(*inputs: Any, **options: Any) -> Any:
        ear.begin(inputs)
        with ear:
            return forward(*inputs, **options)

    module.forward = watched
    try:
        yield ear.signal
    finally:
        del module.forward
        for handle in removable:
            handle.remove()


class _Ear(TorchFunctionMode):
    """Hears every operation of a forward pass, and knows in which module it happens."""

    def __init__(self) -> None:
        super().__init__()
        self.signal = Signal()
        self._inside: list[str] = []
        self._uses: dict[str, int] = {}
        self._samples = 0
        self._before: Layer | None = None
        self._last: Tensor | None = None
        self._broken = False

    def begin(self, inputs: tuple[Any, ...]) -> None:
        """Make ready for one forward pass."""
        self._samples = len(inputs[0])
        self._inside, self._uses = [""], {}
        self._before, self._last, self._broken = None, None, False

    def enter(self, path: str) -> Callable[..., None]:
        """Return what is called before a module is."""
        return lambda *_: self._inside.append(path)

    def leave(self, path: str) -> Callable[..., None]:
        """Return what is called after a module was."""

        def hook(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            self._inside.pop()
            found = output[0] if isinstance(output, tuple) and output else output
            if weighty(module) and isinstance(found, Tensor) and found.is_floating_point():
                self._layer(self._name(path), module, inputs, found)

        return hook

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Let a function of torch do its work, and look at it when it is an activation function."""
        options = kwargs or {}
        found = func(*args, **options)
        kind = activation(func, args, options) if args and isinstance(found, Tensor) else None
        if kind is not None:
            self._broken |= self._last is None or not _same(self._last, args[0])
            self._activation(kind, found.detach(), lambda z: func(z, *args[1:], **options))
        return found

    def _name(self, path: str) -> str:
        """Return what this use of a module is called."""
        self._uses[path] = self._uses.get(path, 0) + 1
        return path if self._uses[path] == 1 else f"{path} #{self._uses[path]}"

    def _layer(self, name: str, module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Note what a layer gives, and ask for the gradient there."""
        layer = self.signal.layers.setdefault(
            name, Layer(name or type(module).__name__, type(module).__name__, module)
        )
        z, x = output.detach(), inputs[0] if inputs and isinstance(inputs[0], Tensor) else None
        layer.samples += self._samples
        layer.numbers += z.numel()
        layer.sum += total(z)
        layer.squares += square(z)
        if x is not None and x.is_floating_point():
            layer.input_squares += square(x.detach())
            layer.input_numbers += x.numel()
            layer.chained &= not self._broken and (self._last is None or _same(self._last, x))
        samples = self._samples

        def back(gradient: Tensor) -> None:  # of the mean over the block, 1/b of each sample's own
            layer.back += square(gradient) * samples * samples
            layer.back_numbers += gradient.numel()

        if output.requires_grad:
            output.register_hook(back)  # type: ignore[no-untyped-call]
        self._before, self._last = layer, z

    def _activation(self, kind: str, output: Tensor, again: Callable[[Tensor], Any]) -> None:
        """Note what an activation function gives."""
        name = self._name(f"{self._inside[-1]} {kind}".strip())
        axis = -1 if self._before is not None and last_axis(self._before.module) else 1
        firing = self.signal.activations.setdefault(name, Firing(name, kind, again))
        firing.take(output, axis if output.ndim > 1 else 0)
        if self._before is not None and self._before.activation is None:
            self._before.activation = firing
        self._last = output


def weighty(module: nn.Module) -> bool:
    """Return whether a module owns a matrix or a kernel."""
    return any(p is not None and p.ndim >= 2 for p in module._parameters.values())


def last_axis(module: nn.Module) -> bool:
    """Return whether the units of what a layer gives lie along the last axis, not the second."""
    return not isinstance(module, nn.modules.conv._ConvNd)


def fans(module: nn.Module) -> tuple[int, int] | None:
    """Return fan-in and fan-out of a fully connected layer, or None for any other."""
    return (module.in_features, module.out_features) if isinstance(module, nn.Linear) else None


def _same(one: Tensor, other: Tensor) -> bool:
    """Return whether two tensors are the same numbers in memory, seen in whatever shape."""
    return one.data_ptr() == other.data_ptr() and prod(one.shape) == prod(other.shape)
