"""Teaching a block to copy its input: the plain one has to learn it, the residual one has to do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.data import load
from dltui.figures import Lines, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.lab.written import written

Array = NDArray[np.float64]

SAMPLES, WIDTH, SMALL, FRAMES = 200, 16, 0.01, 20
CLOSE = 0.01  # error, as a share of the input's mean square, at which a block counts as having learnt it
STARTS = ("he", "small", "zero")


@dataclass(frozen=True)
class Weights:
    """The parameters of F(x) = W₂·ReLU(W₁x), one row a sample: shapes (16, hidden) and (hidden, 16)."""

    first: Array
    second: Array

    @property
    def size(self) -> float:
        """The length of all weights together."""
        return float(np.sqrt((self.first**2).sum() + (self.second**2).sum()))


@dataclass(frozen=True)
class Lesson:
    """What a block did while it was taught.

    Attributes:
        errors: Mean squared error as a share of the input's mean square, before each step and at the end.
        sizes: Length of all weights at the same moments.
        ended: Why it ended early, or nothing.
    """

    errors: Array
    sizes: Array
    ended: str = ""

    @property
    def steps(self) -> int | None:
        """The first step at which the error is below 1 %, None where it never is."""
        below = self.errors < CLOSE
        return int(below.argmax()) if below.any() else None


@lru_cache(maxsize=1)
def inputs() -> Array:
    """Return 200 digits, averaged to 4 × 4 pixels and scaled to mean 0 and variance 1, shape (200, 16)."""
    pixels = load("digits").x_train[:SAMPLES].reshape(-1, 4, 2, 4, 2).mean((2, 4)).reshape(-1, WIDTH)
    spread = pixels.std(0)
    found: Array = ((pixels - pixels.mean(0)) / np.where(spread > 0, spread, 1)).astype(np.float64)
    return found


def begun(start: str, hidden: int, seed: int) -> Weights:
    """Return the first weights: He for both layers, both small, or He with a last layer of zeros."""
    draw = np.random.default_rng(seed)
    first = draw.standard_normal((WIDTH, hidden)) * (SMALL if start == "small" else np.sqrt(2 / WIDTH))
    second = draw.standard_normal((hidden, WIDTH)) * (SMALL if start == "small" else np.sqrt(2 / hidden))
    return Weights(first, np.zeros_like(second) if start == "zero" else second)


def slopes(weights: Weights, x: Array, target: Array) -> tuple[float, Array, Array]:
    """Return the mean of ‖F(x) − target‖² over the samples, and its gradients for both layers."""
    inner = np.maximum(x @ weights.first, 0)
    away = inner @ weights.second - target
    up = 2 * away / len(x)
    behind = (up @ weights.second.T) * (inner > 0)
    return float((away**2).sum(1).mean()), x.T @ behind, inner.T @ up


@lru_cache(maxsize=64)
def taught(residual: bool, start: str, hidden: int, lr: float, decay: float, steps: int, seed: int) -> Lesson:
    """Teach a block the identity by gradient descent with weight decay.

    Args:
        residual: Whether there is a skip, so that F has to become 0; otherwise F has to become x.
        start: How the weights begin.
        hidden: Units between the two layers.
        lr: Learning rate η.
        decay: Pull λ of all weights towards 0.
        steps: Steps of descent over all samples.
        seed: Seed of the first weights.

    Returns:
        The lesson; it ends early, and says why, where the error grows beyond a million.
    """
    x = inputs()
    target, whole = (0 * x if residual else x), float((x**2).sum(1).mean())
    weights, errors, sizes = begun(start, hidden, seed), [], []
    for step in range(steps + 1):
        loss, first, second = slopes(weights, x, target)
        errors.append(loss / whole)
        sizes.append(weights.size)
        if errors[-1] > 1e6:
            return Lesson(np.array(errors), np.array(sizes), f"ran away at step {step}; try a smaller --lr")
        weights = Weights(
            weights.first - lr * (first + decay * weights.first),
            weights.second - lr * (second + decay * weights.second),
        )
    return Lesson(np.array(errors), np.array(sizes))


@exhibit(
    "identity-block",
    family="geometry",
    covers=("000b:identity-map", "000b:f-to-zero", "002a:residual-identity-ease"),
    kin={
        "dltui lab run skip-highway": "the skip in a deep stack: gradient and loss",
        "dltui lab run degradation": "deep plain stacks that can't even copy a shallow one",
        "dltui gradients MODEL": "gradient norms of a network of your own, layer by layer",
    },
    sources=("He et al. 2016, arXiv:1512.03385", "Goyal et al. 2017, arXiv:1706.02677 (last layer 0)"),
)
def identity_block(
    start: Annotated[str, Choice(*STARTS, help="first weights: He, small (std .01), or last layer 0")] = "he",
    decay: Annotated[float, Slider(0, 0.5, step=0.01, help="weight decay λ")] = 0.0,
    hidden: Annotated[int, Slider(1, 64, help="units between the two layers")] = 40,
    lr: Annotated[float, Slider(0.001, 0.2, log=True, help="learning rate η")] = 0.02,
    steps: Annotated[int, Slider(1, 1000, help="steps of descent")] = 300,
    seed: Annotated[int, Slider(0, 9999, help="seed of the first weights")] = 0,
) -> Iterator[Frame]:
    """A plain and a residual block are taught to copy their input, and the error falls at different speed.

    Try: --start small and --start zero, where the residual block is right at once; --decay 0.1 helps it and hurts the
    plain one; --hidden 4, through which nothing can be copied.
    Notice: with a skip the block is right when F is 0, and zero is near; the plain one has to build the identity out of
    weights and ReLUs, and needs many times the steps.

    Plain: F(x) = W₂·ReLU(W₁x) shall be x. Residual: x + F(x) shall be x, so F shall be 0. With a last layer of zeros
    the residual block is exact at step 0.

    What is right where notes differ: "small random weights keep F near 0" holds for small ones only. With He's, made to
    keep the size of signals, F begins as large as x, and the residual block has an error above 100 % of its own to
    lose. That a block can do nothing is a statement about what it can express; depth with skips can still hurt.
    """
    found = {
        "plain": taught(False, start, hidden, lr, decay, steps, seed),
        "residual": taught(True, start, hidden, lr, decay, steps, seed),
        "residual, last layer 0": taught(True, "zero", hidden, lr, decay, steps, seed),
    }
    for k in range(FRAMES + 1):
        yield _frame(found, round(steps * k / FRAMES), steps)


def _frame(found: dict[str, Lesson], last: int, steps: int) -> Frame:
    """Return pictures and numbers after so many steps."""
    numbers: dict[str, Number] = {"step": last}
    for name, key in zip(found, ("plain", "residual", "zero"), strict=True):
        one = found[name]
        numbers |= {
            f"{key}_error": float(one.errors[: last + 1][-1]),
            f"{key}_first_error": float(one.errors[0]),
            f"{key}_steps": one.steps if one.steps is not None and one.steps <= last else None,
            f"{key}_size": float(one.sizes[: last + 1][-1]),
        }
    ended = "; ".join(f"{name} {one.ended}" for name, one in found.items() if one.ended)
    return Frame(
        figures=(_errors(found, last, ended), _sizes(found, last), _worked(found, last), _table(found, last)),
        numbers=numbers,
        caption=f"step {last} of {steps}, error: plain {number(float(str(numbers['plain_error'])), 3)}, "
        f"residual {number(float(str(numbers['residual_error'])), 3)}",
        total=FRAMES + 1,
    )


def _errors(found: dict[str, Lesson], last: int, ended: str) -> Lines:
    """Return the error of all, step by step."""
    series = []
    for name, one in found.items():
        values = one.errors[: last + 1]
        if (values > 0).any():
            series.append(
                Series(name=name, x=np.arange(float(len(values))), y=np.where(values > 0, values, np.nan))
            )
    exact = [name for name, one in found.items() if not (one.errors[: last + 1] > 0).any()]
    said = f"exactly 0 all the time: {', '.join(exact)}" if exact else ""
    return Lines(
        title="Error as a share of the input",
        caption="; ".join(part for part in (said, ended) if part),
        series=tuple(series),
        x_label="step",
        y_label="error",
        y_scale="log",
        levels=((CLOSE, "1 %"),),
    )


def _worked(found: dict[str, Lesson], last: int) -> Steps:
    """Return what each block has to do, with its error put in."""
    one, other, zero = (number(float(lesson.errors[: last + 1][-1])) for lesson in found.values())
    return written(
        (f"F(x) = W₂·ReLU(W₁x) shall be x: mean‖F(x) − x‖²/mean‖x‖² = {one}", "plain"),
        (f"x + F(x) shall be x, so F shall be 0: mean‖F(x)‖²/mean‖x‖² = {other}", "residual"),
        (f"W₂ = 0, so F(x) = 0: {zero}", "residual, last layer 0"),
    )


def _sizes(found: dict[str, Lesson], last: int) -> Lines:
    """Return the length of all weights, step by step."""
    return Lines(
        title="Length of all weights of F",
        series=tuple(
            Series(name=name, x=np.arange(float(len(one.sizes[: last + 1]))), y=one.sizes[: last + 1])
            for name, one in found.items()
        ),
        x_label="step",
        y_label="‖W‖",
    )


def _table(found: dict[str, Lesson], last: int) -> Table:
    """Return the three in numbers."""
    rows = []
    for name, one in found.items():
        steps = one.steps
        rows.append((
            name,
            f"{one.errors[0]:.4g}",
            f"{one.errors[: last + 1][-1]:.4g}",
            "not yet" if steps is None or steps > last else f"{steps}",
        ))
    return Table(
        title="In numbers",
        caption="error: mean ‖output − x‖² over mean ‖x‖²",
        columns=("block", "error at step 0", "error now", "steps to 1 %"),
        rows=tuple(rows),
    )


@identity_block.check
def exact_at_step_zero() -> None:
    """With a last layer of zeros the residual block has error 0 at step 0 and stays; the plain one has 1 (002a)."""
    found = identity_block.last(start="zero").numbers
    near("residual", (found["residual_first_error"], found["residual_error"]), (0, 0), 0)
    near("plain", found["plain_first_error"], 1, 1e-12)


@identity_block.check
def zero_is_nearer_than_identity() -> None:
    """Steps to 1 %: the plain block needs at least thrice those of the residual one, for three seeds (000b)."""
    for seed in range(3):
        found = identity_block.last(seed=seed, steps=1000).numbers
        residual = found["residual_steps"]
        assert residual is not None, found
        assert found["plain_steps"] is None or float(str(found["plain_steps"])) > 3 * float(str(residual)), (
            found
        )


@identity_block.check
def he_does_not_begin_near_zero() -> None:
    """F of He's weights begins as large as its input: error .3 to 3 at step 0; of small weights below 1e-4 (000b)."""
    he, small = (
        float(str(identity_block.last(start=start, steps=1).numbers["residual_first_error"]))
        for start in ("he", "small")
    )
    assert 0.3 < he < 3, he
    assert small < 1e-4, small


@identity_block.check
def descends_like_torch() -> None:
    """Twenty steps of the plain block against torch.optim.SGD with weight_decay, error to 1e-9."""
    import torch

    x = torch.from_numpy(inputs())
    begin = begun("he", 24, 5)
    first, second = (torch.tensor(one, requires_grad=True) for one in (begin.first, begin.second))
    optimizer = torch.optim.SGD([first, second], 0.02, weight_decay=0.1)
    for _ in range(21):
        optimizer.zero_grad()
        loss = ((torch.relu(x @ first) @ second - x) ** 2).sum(1).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    known = loss.item() / (x**2).sum(1).mean().item()
    near(
        "error",
        identity_block.last(hidden=24, seed=5, decay=0.1, steps=20).numbers["plain_error"],
        known,
        1e-9,
    )
