"""The gradient norm of every sample, by the fastest way that each parameter of the model allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from dltui.errors import UsageError
from dltui.figures.base import listing
from dltui.instruments.crew import crew, keep_freed_memory
from dltui.instruments.gradients.ghost import Ghost, Taken, UncoveredError, owned
from dltui.instruments.gradients.rules import mixes
from dltui.objective import Objective, Twin
from dltui.objective.bundle import each_input, split
from dltui.progress import Report, silent

Floats = NDArray[np.float64]
VMAP_NUMBERS = 1 << 24  # gradients of so many numbers are held at once
TRIED = 2  # samples on which a way is compared with plain autograd

Block = Callable[[Tensor, Tensor], Taken]  # a block of inputs and targets -> what is found of each parameter
GHOST, VMAP, LOOP = "ghost norms", "vmap", "one by one"


@dataclass(frozen=True, eq=False)
class SampleNorms:
    """What is known of the gradients of single samples.

    Attributes:
        norms: ‖∇ℓᵢ‖ over all parameters, shape (n,); NaN where it isn't known yet.
        method: How they were computed, in words.
        sums: Sums over the samples of q, h, q², q·h and h² for each tensor, where q = ‖∇ℓᵢ‖² and h = ⟨∇ℓᵢ, direction⟩,
            shape (5, t + 1); the last column is of all tensors together. None without a direction.
    """

    norms: Floats
    method: str
    sums: Floats | None = None


@dataclass(frozen=True)
class Plan:
    """Which parameters go which way.

    Attributes:
        ways: Names of parameters by way.
        strange: Modules that no rule follows, for the words.
    """

    ways: Mapping[str, frozenset[str]]
    strange: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return how the norms are computed, in words."""
        used = [way for way in (GHOST, VMAP, LOOP) if self.ways[way]]
        whom = f" for {listing(self.strange, 2)}" if self.strange else ""
        others = " and ".join(way for way in used if way != GHOST)
        if not others:
            return GHOST
        return f"{GHOST}, and {others}{whom}" if GHOST in used else others


def sample_norms(
    objective: Objective, *, towards: Tensor | None = None, report: Report = silent
) -> SampleNorms:
    """Return ‖∇ℓᵢ‖ of every sample i, and how they were computed.

    Args:
        objective: The loss of a model on its data.
        towards: A direction in the space of parameters, shape (n,); with it, ``sums`` are known afterwards.
        report: Called after every block with samples done and in all, and the norms known by then, NaN elsewhere.

    Returns:
        The norms.

    Raises:
        UsageError: If a sample's loss depends on the other samples of its batch.
    """
    return Sampler(objective)(towards=towards, report=report)


class Sampler:
    """Knows which way each parameter goes, so that norms can be asked for again and again.

    Args:
        objective: The loss of a model on its data; its weights are those of now.

    Raises:
        UsageError: If a sample's loss depends on the other samples of its batch.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        twin = objective.twin()
        _apart(objective.title, twin)
        self._names = [slot.name for slot in twin.slots]
        with sdpa_kernel(SDPBackend.MATH):  # vmap has no rule for the fused kernels of attention
            self.plan = _plan(objective)
            self._take = _ways(objective, self.plan)

    def __call__(self, *, towards: Tensor | None = None, report: Report = silent) -> SampleNorms:
        """Return the norms; see ``sample_norms``."""
        with sdpa_kernel(SDPBackend.MATH):
            try:
                return self._walked(self.plan, towards, report)
            except (
                UncoveredError
            ):  # some samples go through the model in another way than those that were tried
                safe = Plan(
                    {GHOST: frozenset(), VMAP: frozenset(), LOOP: frozenset(self._names)}, self.plan.strange
                )
                return self._walked(safe, towards, report)

    def _walked(self, plan: Plan, towards: Tensor | None, report: Report) -> SampleNorms:
        """Go through all samples."""
        count = self._objective.samples
        found, done = np.full(count, np.nan), 0
        sums = None if towards is None else np.zeros((5, len(self._names) + 1))
        for first, squares, heads in self._blocks(plan, towards):
            q = squares.cpu().double().numpy()
            found[first : first + q.shape[1]] = np.sqrt(q.sum(0))
            if sums is not None and heads is not None:
                sums += _sums(q, heads.cpu().double().numpy())
            done += q.shape[1]
            report(done, count, found)
        return SampleNorms(found, str(plan), sums)

    def _blocks(self, plan: Plan, towards: Tensor | None) -> Iterator[tuple[int, Tensor, Tensor | None]]:
        """Yield the number of its first sample, squares and products with the direction of each block."""
        objective, headed = self._objective, towards is not None
        if torch.get_num_threads() == 1 or objective.device.type != "cpu":  # no crew for one worker
            keep_freed_memory()
            take = self._take if plan is self.plan and not headed else _ways(objective, plan, towards)
            for index, (x, y, _) in enumerate(objective.blocks):
                yield index * objective.block, *_joined(take(x, y), self._names, headed)
            return
        with crew(objective.device) as workers:
            spread = objective.spread(workers.size)

            def start() -> Callable[[int], tuple[Tensor, Tensor | None]]:
                take = _ways(spread, plan, towards)
                return lambda index: _joined(take(*spread.blocks[index][:2]), self._names, headed)

            for index, found in workers.stream(start, range(len(spread.blocks))):
                yield index * spread.block, *found


def _apart(title: str, twin: Twin) -> None:
    """Refuse models whose loss of one sample depends on the others of its batch."""
    for path, module in twin.module.named_modules():
        name = f"{path or 'it'} ({type(module).__name__})"
        if mixes(module):
            raise UsageError(
                f"{title} has no gradient of a single sample: {name} normalises each sample by the "
                "statistics of its whole batch; expected running statistics, as in eval mode; leave the samples out "
                "with --no-per-sample"
            )
        if module.training and isinstance(module, nn.modules.dropout._DropoutNd) and module.p:
            raise UsageError(
                f"{title} has no gradient of a single sample: what {name} drops depends on the place in the "
                "batch; expected eval mode; leave the samples out with --no-per-sample"
            )


def _joined(taken: Taken, names: list[str], headed: bool) -> tuple[Tensor, Tensor | None]:
    """Return squares, and products with the direction, of shape (t, b) each."""
    zero = torch.zeros_like(next(iter(taken.values()))[0])
    both = [taken.get(name, (zero, zero)) for name in names]
    squares = torch.stack([square for square, _ in both])
    return squares, torch.stack([head for _, head in both if head is not None]) if headed else None


def _sums(q: Floats, h: Floats) -> Floats:
    """Return the sums of a block over its samples, shape (5, t + 1)."""
    q, h = (np.vstack([part, part.sum(0)]) for part in (q, h))
    return np.stack([part.sum(1) for part in (q, h, q * q, q * h, h * h)])


def _ways(objective: Objective, plan: Plan, towards: Tensor | None = None) -> Block:
    """Return the function that takes each parameter by its way."""
    directions: dict[str, Tensor] = {}
    if towards is not None:
        wanted = towards.to(objective.device, objective.dtype)
        directions = {slot.name: slot.of(wanted) for slot in objective.twin().slots}
    makers = {GHOST: Ghost, VMAP: by_vmap, LOOP: one_by_one}
    blocks = [
        makers[way](objective, objective.twin(), names, directions)
        for way, names in plan.ways.items()
        if names
    ]

    def take(x: Tensor, y: Tensor) -> Taken:
        return {name: found for block in blocks for name, found in block(x, y).items()}

    return take


def _plan(objective: Objective) -> Plan:
    """Send each parameter the first way that agrees with autograd on the first samples, in float64 where it can."""
    tried = objective.doubled()
    tried = replace(tried, inputs=tried.inputs[:TRIED], targets=tried.targets[:TRIED], block=TRIED)
    twin = tried.twin()
    names = frozenset(slot.name for slot in twin.slots)
    truth = one_by_one(tried, twin, names, {})(tried.inputs, tried.targets)
    ghost = _right(tried, frozenset(owned(twin)), truth)
    rest = names - ghost
    vmapped = _agreeing(by_vmap, tried, rest, truth)
    return Plan(
        {GHOST: ghost, VMAP: vmapped, LOOP: rest - vmapped},
        _owners(twin, rest),
    )


def _right(tried: Objective, names: frozenset[str], truth: Taken) -> frozenset[str]:
    """Return the parameters that ghost norms get right, those of modules that can't be followed left out."""
    while names:
        try:
            return _agreeing(Ghost, tried, names, truth)
        except UncoveredError as error:
            owners = owned(tried.twin())
            names = frozenset(name for name in names if owners[name] != str(error))
    return names


def _agreeing(
    way: Callable[..., Block], tried: Objective, names: frozenset[str], truth: Taken
) -> frozenset[str]:
    """Return the parameters for which a way finds what plain autograd finds."""
    if not names:
        return names
    try:
        found = way(tried, tried.twin(), names, {})(tried.inputs, tried.targets)
    except (RuntimeError, ValueError, TypeError):
        return frozenset()  # something that this way can't follow
    zero = torch.zeros(TRIED, dtype=tried.dtype)
    close = 1e-6 if tried.dtype is torch.float64 else 1e-3
    return frozenset(
        name
        for name in names
        if _alike(found.get(name, (zero.to(truth[name][0]), None))[0], truth[name][0], close)
    )


def _alike(found: Tensor, truth: Tensor, close: float) -> bool:
    """Return whether two ways find the same; what a module reads that isn't of samples gives another shape."""
    return found.shape == truth.shape and torch.allclose(found, truth, rtol=close, atol=1e-20)


def _owners(twin: Twin, names: frozenset[str]) -> tuple[str, ...]:
    """Return the modules that own these parameters, each with its kind."""
    wanted = {id(p) for slot, p in zip(twin.slots, twin.parameters, strict=True) if slot.name in names}
    return tuple(
        f"{path} ({type(module).__name__})" if path else type(module).__name__
        for path, module in twin.module.named_modules()
        if any(id(p) in wanted for p in module.parameters(recurse=False))
    )


def by_vmap(objective: Objective, twin: Twin, names: frozenset[str], towards: Mapping[str, Tensor]) -> Block:
    """Return the function that differentiates many samples at once, each on its own.

    Args:
        objective: The loss.
        twin: A copy of the model.
        names: The parameters that are looked at.
        towards: Directions by name, or nothing.

    Returns:
        From a block to what is found.
    """
    pairs = zip(twin.slots, twin.parameters, strict=True)
    trained = {slot.name: p.detach() for slot, p in pairs if slot.name in names}
    chunk = max(1, VMAP_NUMBERS // sum(p.numel() for p in trained.values()))
    twin.module.requires_grad_(False)  # those that go another way

    def one(parameters: dict[str, Tensor], inputs: tuple[Tensor, ...], y: Tensor) -> Tensor:
        outputs = functional_call(twin.module, parameters, tuple(x.unsqueeze(0) for x in inputs))
        return objective.criterion.loss(outputs, y.unsqueeze(0))

    many = vmap(grad(one), in_dims=(None, 0, 0))

    def block(x: Tensor, y: Tensor) -> Taken:
        pieces = zip(split(x, chunk), torch.split(y, chunk), strict=True)
        taken = [_taken(many(trained, each_input(part), answers), towards) for part, answers in pieces]
        return {name: _end_to_end([one[name] for one in taken]) for name in taken[0]}

    return block


def one_by_one(
    objective: Objective, twin: Twin, names: frozenset[str], towards: Mapping[str, Tensor]
) -> Block:
    """Return the function that differentiates one sample after the other.

    Args:
        objective: The loss.
        twin: A copy of the model.
        names: The parameters that are looked at.
        towards: Directions by name, or nothing.

    Returns:
        From a block to what is found.
    """
    pairs = zip(twin.slots, twin.parameters, strict=True)
    trained = {slot.name: p for slot, p in pairs if slot.name in names}

    def block(x: Tensor, y: Tensor) -> Taken:
        taken = []
        for place in range(len(x)):
            loss = objective.loss(twin, x[place : place + 1], y[place : place + 1])
            found = torch.autograd.grad(
                loss, list(trained.values()), allow_unused=True, materialize_grads=True
            )
            taken.append(_taken({n: g.unsqueeze(0) for n, g in zip(trained, found, strict=True)}, towards))
        return {name: _end_to_end([one[name] for one in taken]) for name in trained}

    return block


def _taken(gradients: Mapping[str, Tensor], towards: Mapping[str, Tensor]) -> Taken:
    """Return squares, and products with directions, of gradients with a leading dimension of samples."""
    flat = {name: rows.reshape(len(rows), -1) for name, rows in gradients.items()}  # also of a lone number
    return {
        name: (rows.square().sum(1), rows @ towards[name].flatten() if name in towards else None)
        for name, rows in flat.items()
    }


def _end_to_end(parts: list[tuple[Tensor, Tensor | None]]) -> tuple[Tensor, Tensor | None]:
    """Return what several runs of samples found as one."""
    heads = [head for _, head in parts if head is not None]
    return torch.cat([square for square, _ in parts]), torch.cat(heads) if heads else None
