"""Stacks of equal blocks, plain or with skips, that are trained side by side; and a shallow one grown by identities."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from dltui.data import Dataset
from dltui.device import seeded, threads
from dltui.lab.geometry.nets import PIXELS, digits

SAMPLES, BATCH, WIDTH = 384, 64, 16
RATE, MOMENTUM = 0.06, 0.9


class Block(nn.Module):
    """W·ReLU(BN(x)) + b, added to x over √blocks where there is a skip (He et al. 2016, pre-activation)."""

    def __init__(self, width: int, *, blocks: int, skip: bool, norm: bool) -> None:
        super().__init__()
        self.norm: nn.Module = nn.BatchNorm1d(width) if norm else nn.Identity()
        self.line, self.skip, self.scale = nn.Linear(width, width), skip, blocks**-0.5
        nn.init.kaiming_normal_(self.line.weight, nonlinearity="relu")
        nn.init.zeros_(self.line.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, width) to the same."""
        h: Tensor = self.line(torch.relu(self.norm(x)))
        return x + self.scale * h if self.skip else h


class Stack(nn.Module):
    """A linear layer, equal blocks, and a head: ``depth`` linear layers in all."""

    def __init__(self, depth: int, *, skip: bool, norm: bool) -> None:
        super().__init__()
        self.stem = nn.Linear(PIXELS, WIDTH)
        self.blocks = nn.Sequential(
            *(Block(WIDTH, blocks=depth - 2, skip=skip, norm=norm) for _ in range(depth - 2))
        )
        self.norm: nn.Module = nn.BatchNorm1d(WIDTH) if norm else nn.Identity()
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, 64) to (batch, 10)."""
        out: Tensor = self.head(torch.relu(self.norm(self.blocks(self.stem(x)))))
        return out


@dataclass
class Course:
    """A stack and how its training went.

    Attributes:
        name: Such as ``plain 20``.
        depth: Linear layers.
        skip: Whether there are skips.
        net: The stack, in eval mode between two epochs.
        losses: Mean loss over all training samples before training and after each epoch, batch norm by their own
            statistics, as training sees it.
        accuracy: Share right of the training samples, likewise.
        settled: Mean loss over all training samples in eval mode.
        held: Share right of the held-out samples in eval mode, before training and after each epoch.
        slope: Length of the gradient of the first block over that of the last one, before training.
    """

    name: str
    depth: int
    skip: bool
    net: Stack
    losses: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    held: list[float] = field(default_factory=list)
    settled: float = 0.0
    slope: float = 0.0


@dataclass(frozen=True)
class Samples:
    """Digits, standardised, for training and held out."""

    x: Tensor
    y: Tensor
    x_held: Tensor
    y_held: Tensor


def samples() -> Samples:
    """Return the digits that the stacks are trained on, and those that are held out."""
    data: Dataset = digits(SAMPLES)
    x, held = (torch.from_numpy(one).reshape(len(one), -1) for one in (data.x_train, data.x_test))
    mean, spread = x.mean(), x.std()
    return Samples(
        (x - mean) / spread,
        torch.from_numpy(data.y_train),
        (held - mean) / spread,
        torch.from_numpy(data.y_test),
    )


def raced(
    depths: Sequence[int], epochs: int, *, norm: bool, rate: float, seed: int
) -> Iterator[list[Course]]:
    """Train plain and residual stacks of some depths side by side; yields before training and after each epoch.

    Args:
        depths: Linear layers of each pair of twins.
        epochs: Passes over the samples.
        norm: Batch norm in every block.
        rate: Learning rate of SGD with momentum 0.9.
        seed: Seed of weights and batches, the same for all.

    Yields:
        The courses, plain ones first, each an epoch longer than before.
    """
    data, courses = samples(), list[Course]()
    for skip in (False, True):
        for depth in depths:
            with seeded(seed):
                net = Stack(depth, skip=skip, norm=norm)
            courses.append(Course(f"{'residual' if skip else 'plain'} {depth}", depth, skip, net))
    rules = [torch.optim.SGD(one.net.parameters(), rate, MOMENTUM, foreach=True) for one in courses]
    order = torch.Generator().manual_seed(seed)
    with threads(1):
        for epoch in range(epochs + 1):
            rows = torch.randperm(len(data.x), generator=order)
            for course, rule in zip(courses, rules, strict=True):
                course.net.train()
                if not epoch:
                    course.slope = _tilt(course.net, data)
                for few in torch.split(rows, BATCH) if epoch else ():
                    rule.zero_grad()
                    nn.functional.cross_entropy(course.net(data.x[few]), data.y[few]).backward()  # type: ignore[no-untyped-call]
                    rule.step()
                _look(course, data)
            yield courses


def _tilt(net: Stack, data: Samples) -> float:
    """Return ‖∂L/∂W‖ of the first block over that of the last, on the first batch; leaves no gradient."""
    first, last = (net.blocks[place].line.weight for place in (0, -1))  # type: ignore[union-attr]
    loss = nn.functional.cross_entropy(net(data.x[:BATCH]), data.y[:BATCH])
    one, other = torch.autograd.grad(loss, (first, last))  # type: ignore[arg-type]
    return float(one.norm() / other.norm())


def _look(course: Course, data: Samples) -> None:
    """Write down loss and accuracy."""
    course.net.eval()
    with torch.no_grad():
        scores = copy.deepcopy(course.net).train()(data.x)  # a copy, whose running statistics may change
        course.losses.append(float(nn.functional.cross_entropy(scores, data.y)))
        course.settled = float(nn.functional.cross_entropy(course.net(data.x), data.y))
        held = course.net(data.x_held)
    course.accuracy.append(float((scores.argmax(1) == data.y).float().mean()))
    course.held.append(float((held.argmax(1) == data.y_held).float().mean()))


def grown(net: Stack, depth: int) -> Stack:
    """Return a deeper plain stack with batch norm that computes what ``net`` computes: its further blocks copy.

    After the last ReLU nothing is negative, so that ReLU(I·h) = h: a block whose matrix is I and whose batch norm, in
    eval mode, is turned into the identity, changes nothing.
    """
    deep = Stack(depth, skip=False, norm=True).double().eval()
    shallow = net.double().eval()
    deep.stem.load_state_dict(shallow.stem.state_dict())
    deep.head.load_state_dict(shallow.head.state_dict())
    known = len(shallow.blocks)
    norms: list[nn.Module] = [block.get_submodule("norm") for block in shallow.blocks]
    norms += [shallow.norm, *[_identity()] * (depth - 2 - known)]
    with torch.no_grad():
        for place, block in enumerate(deep.blocks):
            if place < known:
                block.load_state_dict(shallow.blocks[place].state_dict())
            else:
                block.line.weight.copy_(torch.eye(WIDTH))  # type: ignore[union-attr, operator]
                block.get_submodule("norm").load_state_dict(norms[place].state_dict())
        deep.norm.load_state_dict(norms[depth - 2].state_dict())
    return deep


def _identity() -> nn.BatchNorm1d:
    """Return a batch norm that changes nothing in eval mode."""
    norm = nn.BatchNorm1d(WIDTH).double()
    with torch.no_grad():
        norm.weight.fill_((1 + norm.eps) ** 0.5)
    return norm
