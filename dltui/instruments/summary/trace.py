"""Watching one forward pass: which module runs, what every operation costs, what is alive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef

from dltui.instruments.summary.costs import NONE, formula_of, is_addition, is_uncounted
from dltui.instruments.summary.kernels import Mode, computed
from dltui.instruments.summary.places import Places
from dltui.instruments.summary.values import Told, tensors_in, told

Totals = tuple[int, int, int]


@dataclass
class Seen:
    """What is known of one module after a pass.

    Attributes:
        calls: How often it ran.
        first: Its place in the order of first calls.
        inputs: Tensors of the first call.
        outputs: Likewise.
        varies: Whether a later call gave other shapes.
        totals: MACs, additions of biases and element-wise operations of all calls, modules inside included.
        field: Receptive field of the first output of the first call: size along each axis, or None.
    """

    calls: int = 0
    first: int = 0
    inputs: list[Told] = field(default_factory=list)
    outputs: list[Told] = field(default_factory=list)
    varies: bool = False
    totals: Totals = NONE
    field: list[int] | None = None


class Trace(Mode):
    """Counts operations while a model runs under it; ``watch`` hooks the modules.

    Attributes:
        seen: What is known of each module, by its id.
        totals: MACs, additions of biases and element-wise operations so far.
        read: Ids of the parameters that an operation read.
        uncounted: Names of operations whose matrix work no formula covers.
        peak: Most bytes of activations that were alive at once, inputs included.
    """

    def __init__(self, inputs: Any, *, weights: set[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: dict[int, Seen] = {}
        self.totals: Totals = NONE
        self.read: set[int] = set()
        self.uncounted: set[str] = set()
        self.peak = 0
        self._weights = weights  # storages of parameters and buffers
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._fresh = False  # whether something new is alive that was not weighed
        self._running: list[tuple[int, Totals]] = []
        self._places = Places()
        for _, tensor in tensors_in(inputs):
            self._places.begin(tensor)
            self._keep(tensor)
        self._weigh()

    def watch(self, model: nn.Module) -> None:
        """Hook every module of a private copy of a model."""
        for module in model.modules():
            module.register_forward_pre_hook(self._enter, prepend=True, with_kwargs=True)
            module.register_forward_hook(self._leave, always_call=True)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation and count it."""
        kwargs = kwargs or {}
        out = computed(func, args, kwargs)
        for value in args:
            if isinstance(value, nn.Parameter):
                self.read.add(id(value))
        self._count(func, args, out)
        self._places.follow(func, args, kwargs, out)
        self._track(out)
        return out

    def _count(self, func: Any, args: tuple[Any, ...], out: Any) -> None:
        """Add the cost of an operation."""
        formula = formula_of(func)
        if formula is None:
            if is_uncounted(func):
                self.uncounted.add(str(func._schema.name))
            return
        macs, biases, others = formula(args, out)
        if is_addition(func) and any(isinstance(a, nn.Parameter) and a.dim() == 1 for a in args):
            biases, others = others, 0
        total = self.totals
        self.totals = (total[0] + macs, total[1] + biases, total[2] + others)

    def _track(self, out: Any) -> None:
        """Note which tensors an operation made, and what is alive now."""
        made = out if isinstance(out, tuple | list) else (out,)
        for tensor in made:
            if isinstance(tensor, Tensor):
                self._keep(tensor)
        if self._fresh:
            self._weigh()

    def _keep(self, tensor: Tensor) -> None:
        """Remember the storage of a tensor without keeping it alive."""
        try:
            storage = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):  # sparse and nested tensors have none
            return
        key = storage._cdata
        if key in self._weights or (key in self._alive and not _gone(self._alive[key][0])):
            return
        self._alive[key] = (StorageWeakRef(storage), storage.nbytes())  # type: ignore[no-untyped-call]
        self._fresh = True

    def _weigh(self) -> None:
        """Forget what has gone, and keep the largest sum."""
        self._fresh = False
        self._alive = {key: entry for key, entry in self._alive.items() if not _gone(entry[0])}
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))

    def _enter(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        """Note that a module begins."""
        seen = self.seen.setdefault(id(module), Seen(first=len(self.seen)))
        if not seen.calls:
            seen.inputs = told((*args, kwargs) if kwargs else args)
        seen.calls += 1
        self._running.append((id(module), self.totals))

    def _leave(self, module: nn.Module, args: Any, out: Any) -> None:  # noqa: ARG002
        """Note that a module ends; a call inside one of the same module counts once."""
        key, before = self._running.pop()
        seen = self.seen[key]
        outputs = told(out)
        if seen.calls == 1 or not seen.outputs:
            seen.outputs = outputs
            first = next((tensor for _, tensor in tensors_in(out)), None)
            seen.field = None if first is None else self._places.told(first)
        elif [o["shape"] for o in outputs] != [o["shape"] for o in seen.outputs]:
            seen.varies = True
        if all(other != key for other, _ in self._running):
            done = zip(seen.totals, self.totals, before, strict=True)
            a, b, c = (had + now - then for had, now, then in done)
            seen.totals = (a, b, c)


def _gone(storage: StorageWeakRef) -> bool:
    """Return whether the memory behind a weak reference was freed."""
    gone: bool = storage.expired()  # type: ignore[no-untyped-call]
    return gone
