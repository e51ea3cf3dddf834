"""Devices, precision and distribution: the one file that knows Lightning Fabric.

One process in full precision needs nothing of it, so it neither imports nor wraps anything: ``Plain``. Mixed precision
and several processes go through Fabric: ``Woven``. Several processes are told by the environment that torchrun sets
(RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT); whoever starts them, this house's own launcher, torchrun on
several nodes, or SLURM, is the same to the engine.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from dltui.device import pick_device
from dltui.errors import DltuiError, UsageError
from dltui.ranks import rank_and_world
from dltui.training.recipe import Precision

Strategy = Literal["single", "ddp", "fsdp"]
Maker = Callable[[nn.Module], list[torch.optim.Optimizer]]

FABRIC: dict[Precision, str] = {"32": "32-true", "64": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}
NUMBERS: dict[Precision, torch.dtype] = {"64": torch.float64}


class Engine(Protocol):
    """What the loop asks of devices.

    Attributes:
        device: Where this process computes.
        dtype: What weights and inputs are made of.
        rank: Number of this process among those that train together.
        world: How many there are.
        sharded: Whether each process holds only a part of every weight.
    """

    device: torch.device
    dtype: torch.dtype
    rank: int
    world: int
    sharded: bool

    def prepare(
        self, module: nn.Module, make: Maker, *, compiled: bool
    ) -> tuple[nn.Module, list[torch.optim.Optimizer]]:
        """Put a model on the device and return what is called for training, and its optimisers."""

    def autocast(self) -> AbstractContextManager[object]:
        """Return what a forward pass outside of training is made within."""

    def gathering(self, forward: nn.Module, *, last: bool) -> AbstractContextManager[object]:
        """Return what a backward pass is made within; gradients are exchanged at the last of a step."""

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of a loss."""

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Make the gradients those of the loss, where mixed precision has scaled it."""

    def summed(self, numbers: Tensor) -> Tensor:
        """Return the sum over all processes."""

    def shared(self, thing: Any) -> Any:
        """Return what the first process holds."""

    def everyone(self, thing: Any) -> list[Any]:
        """Return what each process holds, in the order of their numbers."""

    def scaler(self) -> dict[str, Any]:
        """Return the state of the loss scaling; empty where there is none."""

    def set_scaler(self, state: dict[str, Any]) -> None:
        """Put the loss scaling into a state that was kept."""


class Plain:
    """One process, full precision: torch itself."""

    rank, world, sharded = 0, 1, False

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype

    def prepare(
        self, module: nn.Module, make: Maker, *, compiled: bool
    ) -> tuple[nn.Module, list[torch.optim.Optimizer]]:
        """Put a model on the device and return what is called for training, and its optimisers."""
        module.to(device=self.device, dtype=self.dtype)
        return (_compiled(module) if compiled else module), make(module)

    def autocast(self) -> AbstractContextManager[object]:
        """Return nothing special."""
        return nullcontext()

    def gathering(self, forward: nn.Module, *, last: bool) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return nothing special."""
        return nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of a loss."""
        loss.backward()  # type: ignore[no-untyped-call]

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Nothing is scaled."""

    def summed(self, numbers: Tensor) -> Tensor:
        """Return the numbers themselves."""
        return numbers

    def shared(self, thing: Any) -> Any:
        """Return the thing itself."""
        return thing

    def everyone(self, thing: Any) -> list[Any]:
        """Return the one thing."""
        return [thing]

    def scaler(self) -> dict[str, Any]:
        """Return nothing."""
        return {}

    def set_scaler(self, state: dict[str, Any]) -> None:
        """Nothing is scaled."""


class Woven:
    """Mixed precision, or several processes, by way of Lightning Fabric."""

    def __init__(self, device: torch.device, precision: Precision, strategy: Strategy) -> None:
        self.rank, self.world = rank_and_world()
        self.dtype = NUMBERS.get(precision, torch.float32)
        self.sharded = strategy == "fsdp" and self.world > 1
        self._fabric = _fabric(device, precision, strategy, self.world)
        self.device = self._fabric.device

    def prepare(
        self, module: nn.Module, make: Maker, *, compiled: bool
    ) -> tuple[nn.Module, list[torch.optim.Optimizer]]:
        """Put a model on the device and return what is called for training, and its optimisers."""
        module.to(device=self.device, dtype=self.dtype)
        forward = self._fabric.setup_module(_compiled(module) if compiled else module)
        made = self._fabric.setup_optimizers(*make(module))
        return forward, list(made) if isinstance(made, tuple | list) else [made]

    def autocast(self) -> AbstractContextManager[object]:
        """Return Fabric's context of the precision."""
        context: AbstractContextManager[object] = self._fabric.autocast()
        return context

    def gathering(self, forward: nn.Module, *, last: bool) -> AbstractContextManager[object]:
        """Return a context in which gradients are not exchanged, except at the last pass of a step."""
        if last or self.world == 1:
            return nullcontext()
        context: AbstractContextManager[object] = self._fabric.no_backward_sync(forward)
        return context

    def backward(self, loss: Tensor) -> None:
        """Add the gradient of a loss, scaled where the precision asks for it."""
        self._fabric.backward(loss)

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Make the gradients those of the loss."""
        self._fabric.strategy.precision.unscale_gradients(getattr(optimizer, "optimizer", optimizer))

    def summed(self, numbers: Tensor) -> Tensor:
        """Return the sum over all processes."""
        if self.world == 1:
            return numbers
        whole: Tensor = self._fabric.all_reduce(numbers.clone(), reduce_op="sum")
        return whole

    def shared(self, thing: Any) -> Any:
        """Return what the first process holds."""
        return self._fabric.broadcast(thing)

    def everyone(self, thing: Any) -> list[Any]:
        """Return what each process holds, in the order of their numbers."""
        if self.world == 1:
            return [thing]
        found = [None] * self.world
        torch.distributed.all_gather_object(found, thing)
        return found

    def scaler(self) -> dict[str, Any]:
        """Return the state of the loss scaling."""
        return dict(self._fabric.strategy.precision.state_dict())

    def set_scaler(self, state: dict[str, Any]) -> None:
        """Put the loss scaling into a state that was kept."""
        self._fabric.strategy.precision.load_state_dict(state)


def make_engine(*, device: str = "auto", strategy: str = "", precision: Precision = "32") -> Engine:
    """Return the engine for this process.

    Args:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; of several processes each takes its own CUDA device.
        strategy: ``single``, ``ddp`` or ``fsdp``; what suits the number of processes when empty.
        precision: ``32``, ``64``, ``bf16`` or ``fp16``.

    Returns:
        The engine; with several processes, they have found each other.

    Raises:
        UsageError: If device and strategy don't suit each other.
        DltuiError: If the processes don't find each other.
    """
    rank, world = rank_and_world()
    chosen = check_strategy(strategy, world)
    place = pick_device(
        f"cuda:{local_rank()}" if world > 1 and device in {"cuda", "auto"} and _cuda() else device
    )
    if precision == "64" and place.type == "mps":
        raise UsageError("mps has no 64-bit floats: try --precision 32, or --device cpu")
    if precision == "fp16" and place.type == "cpu":
        raise UsageError("--precision fp16 needs a GPU, where its losses are scaled: try --precision bf16")
    if world == 1 and precision in {"32", "64"}:
        return Plain(place, NUMBERS.get(precision, torch.float32))
    try:
        return Woven(place, precision, chosen)
    except (RuntimeError, ValueError, OSError) as error:
        if isinstance(error, DltuiError):
            raise
        raise DltuiError(f"process {rank} of {world} could not start: {error}") from error


def check_strategy(strategy: str, world: int) -> Strategy:
    """Return the strategy for a number of processes.

    Args:
        strategy: As it was asked for; empty for what suits.
        world: Processes that train together.

    Returns:
        ``single``, ``ddp`` or ``fsdp``.

    Raises:
        UsageError: If they don't suit each other.
    """
    if strategy == "single" and world > 1:
        raise UsageError(f"--strategy single trains in one process, not {world}: try ddp or fsdp")
    if strategy == "fsdp" and world == 1:
        raise UsageError(
            "--strategy fsdp shares the weights among several processes: add --devices 2 or more"
        )
    found: Strategy = "fsdp" if strategy == "fsdp" else "ddp" if world > 1 else "single"
    return found


def local_rank() -> int:
    """Return the number of this process on its machine."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def _cuda() -> bool:
    return torch.cuda.is_available()


def _compiled(module: nn.Module) -> nn.Module:
    """Return a model that torch compiles at its first call; weights and names stay those of ``module``."""
    compiled: nn.Module = torch.compile(module)  # type: ignore[assignment]
    return compiled


def _fabric(device: torch.device, precision: Precision, strategy: Strategy, world: int) -> Any:
    """Return Fabric, its processes connected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Fabric remarks on the machine; what goes wrong is raised
        from lightning_fabric import Fabric

        for name in ("lightning_fabric", "lightning.fabric"):  # it sets its own level when it is imported
            logging.getLogger(name).setLevel(logging.ERROR)
        here = int(os.environ.get("LOCAL_WORLD_SIZE", world))
        fabric = Fabric(
            accelerator=device.type,
            devices=here if world > 1 else [device.index or 0] if device.type == "cuda" else 1,
            num_nodes=world // here,
            strategy=_strategy(strategy, world),
            precision=FABRIC[precision],  # type: ignore[arg-type]
            plugins=_environment() if world > 1 else None,
        )
        fabric.launch()
    return fabric


def _environment() -> Any:
    """Return Fabric's reading of torchrun's environment."""
    from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment

    return TorchElasticEnvironment()


def _strategy(strategy: Strategy, world: int) -> Any:
    """Return Fabric's strategy."""
    if strategy == "fsdp":
        from lightning_fabric.strategies.model_parallel import ModelParallelStrategy

        return ModelParallelStrategy(_sharded, data_parallel_size=world, tensor_parallel_size=1)
    if strategy == "ddp":
        from lightning_fabric.strategies.ddp import DDPStrategy

        return DDPStrategy()
    return "auto"


def _sharded(module: nn.Module, mesh: Any) -> nn.Module:
    """Share the weights of a model among the processes: each block of a list by itself, then the rest."""
    from torch.distributed.fsdp import fully_shard

    part = mesh["data_parallel"]
    for blocks in (m for m in module.modules() if isinstance(m, nn.ModuleList)):
        for block in blocks:
            fully_shard(block, mesh=part)
    fully_shard(module, mesh=part)
    return module


def whole_tensors(named: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors by name, put together where each process holds only a part."""
    return {name: _whole(tensor) for name, tensor in named.items()}


def _whole(tensor: Tensor) -> Tensor:
    full = getattr(tensor, "full_tensor", None)
    return tensor if full is None else full()


def as_held(tensor: Tensor, like: Tensor) -> Tensor:
    """Return a whole tensor in the way that another is held: as it is, or shared among the processes."""
    mesh = getattr(like, "device_mesh", None)
    if mesh is None or tensor.shape != like.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor.to(like.device), mesh, like.placements)  # type: ignore[attr-defined]


def states_of(optimizers: Sequence[torch.optim.Optimizer]) -> list[dict[str, Any]]:
    """Return what optimisers remember of every parameter, put together where it is shared.

    Args:
        optimizers: As ``prepare`` returned them.

    Returns:
        For each the ``state`` by number of parameter, and whether its counters are on the device (``far``).
    """
    found = []
    for optimizer in optimizers:
        state = getattr(optimizer, "optimizer", optimizer).state_dict()["state"]
        scalars = [
            t for part in state.values() for t in part.values() if isinstance(t, Tensor) and t.ndim == 0
        ]
        whole = {key: _mapped(value, _whole) for key, value in state.items()}
        found.append({"state": whole, "far": any(t.device.type != "cpu" for t in scalars)})
    return found


def put_states(optimizers: Sequence[torch.optim.Optimizer], states: Sequence[dict[str, Any]]) -> None:
    """Put what ``states_of`` returned back into optimisers of the same kind."""
    for optimizer, told in zip(optimizers, states, strict=True):
        bare = getattr(optimizer, "optimizer", optimizer)
        parameters = [p for group in bare.param_groups for p in group["params"]]
        for key, value in told["state"].items():
            bare.state[parameters[key]] = _mapped(value, _placing(parameters[key], far=told["far"]))


def _placing(like: Tensor, *, far: bool) -> Callable[[Tensor], Tensor]:
    """Return what puts a tensor of an optimiser's state where its parameter is, and a counter where it was."""

    def place(tensor: Tensor) -> Tensor:
        if tensor.ndim == 0:
            return tensor.to(like.device if far else "cpu").clone()
        return as_held(tensor.to(like.device), like).clone()

    return place


def _mapped(tree: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return a tree with every tensor in it changed."""
    if isinstance(tree, Tensor):
        return change(tree)
    if isinstance(tree, dict):
        return {key: _mapped(value, change) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(_mapped(item, change) for item in tree)
    return tree
