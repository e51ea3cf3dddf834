"""Epochs, iterations and batches, and what a batch costs on this machine."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from dltui.figures import Figure, Heatmap, Lines, Series, Table, number
from dltui.lab import Frame, Number, Slider, Switch, exhibit, near
from dltui.lab.optimisers.two_digits import shuffled

if TYPE_CHECKING:
    from torch import Tensor, nn

TRIED = (1, 4, 16, 64, 256, 1024, 4096)  # batches that are timed
WIDTH, REPEATS, PATIENCE = 256, 7, 0.25  # units a layer, steps timed, seconds after which no more are
STRIP, NAMED = 120, 8  # samples in the strip, samples named of one batch
MIB = 2**20


@dataclass(frozen=True)
class Counter:
    """How a training is counted.

    Attributes:
        samples: N.
        batch: B.
        epochs: Passes over all samples.
        drop: Leave out a last batch that is not full.
    """

    samples: int
    batch: int
    epochs: int
    drop: bool = False

    @property
    def iterations(self) -> int:
        """Updates in one epoch: ⌈N/B⌉, or ⌊N/B⌋ where the rest is dropped."""
        return self.samples // self.batch if self.drop else math.ceil(self.samples / self.batch)

    @property
    def total(self) -> int:
        """Updates in all."""
        return self.epochs * self.iterations

    @property
    def last(self) -> int:
        """Samples in the last batch of an epoch; 0 where there is none."""
        rest = self.samples % self.batch
        return 0 if not self.iterations else rest if rest and not self.drop else self.batch

    def place(self, iteration: int) -> tuple[int, int]:
        """Return epoch and batch of an iteration, all counted from 1."""
        epoch, within = divmod(iteration - 1, self.iterations)
        return epoch + 1, within + 1


@dataclass(frozen=True)
class Reading:
    """What one batch cost.

    Attributes:
        batch: Samples.
        rate: Samples a second, forwards and backwards; NaN where it did not fit.
        kept: Bytes that the forward pass kept for the backward pass, as far as it came.
        trouble: What went wrong, or nothing.
    """

    batch: int
    rate: float
    kept: int
    trouble: str = ""


class SpentError(MemoryError):
    """A forward pass that keeps more than it may."""


def passed(net: nn.Module, x: Tensor, t: Tensor, most: int) -> int:
    """Run a batch forwards and backwards and return the bytes that were kept in between.

    Raises:
        SpentError: As soon as more than ``most`` bytes are kept; it holds them.
    """
    import torch

    fixed = {part.data_ptr() for part in net.parameters()}
    seen: set[int] = set()
    kept = 0

    def keep(part: Tensor) -> Tensor:
        nonlocal kept
        place = part.data_ptr()
        if place not in fixed | seen:
            seen.add(place)
            kept += part.numel() * part.element_size()
            if kept > most:
                raise SpentError(kept)
        return part

    net.zero_grad()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda part: part):
        loss = torch.nn.functional.cross_entropy(net(x), t)
    loss.backward()  # type: ignore[no-untyped-call]
    return kept


@lru_cache(maxsize=1)
def _net() -> nn.Module:
    """Return the network that is timed: two hidden layers on the pixels of a digit."""
    from torch import nn

    from dltui.device import seeded
    from dltui.lab.geometry.nets import perceptron

    with seeded(0):
        return perceptron(WIDTH, 10, depth=2, act=nn.ReLU)


@lru_cache(maxsize=256)
def reading(batch: int, most: int) -> Reading:
    """Time a batch of digits on this machine, once in a process.

    Args:
        batch: Samples.
        most: Bytes that a forward pass may keep.

    Returns:
        Samples a second and bytes kept; or what went wrong, as the allocator or the limit said it.
    """
    import torch

    from dltui.data import load
    from dltui.device import threads

    data, net, kept = load("digits"), _net(), 0
    try:
        x = torch.empty(batch, 64)
        rows = np.arange(batch) % len(data.y_train)
        x.copy_(torch.from_numpy(data.x_train.reshape(len(data.y_train), -1)[rows]))
        t, spent = torch.from_numpy(data.y_train[rows]).long(), list[float]()
        with threads(1):
            while len(spent) < REPEATS and sum(spent) < PATIENCE:
                started = time.thread_time()
                kept = passed(net, x, t, most)
                spent.append(time.thread_time() - started)
    except SpentError as error:
        said = f"out of memory: more than {most / MIB:g} MiB to keep"
        return Reading(batch, math.nan, int(error.args[0]), said)
    except RuntimeError as error:  # what torch raises where an allocation fails
        if "memory" not in str(error):
            raise
        return Reading(batch, math.nan, kept, f"out of memory: {str(error).splitlines()[0]}")
    return Reading(batch, batch / float(np.median(spent)), kept)


@exhibit(
    "batch-counter",
    family="optimisers",
    covers=("000a:epoch-iteration", "000a:batch-throughput"),
    kin={
        "dltui lab run batch-race": "what the size of a batch does to the descent",
        "dltui summary MODEL": "parameters, products and bytes of a network of your own",
    },
    sources=("McCandlish et al. 2018, arXiv:1812.06162",),
)
def batch_counter(
    samples: Annotated[int, Slider(1, 200_000, log=True, help="samples N in the training set")] = 60_000,
    batch: Annotated[int, Slider(1, 4096, log=True, help="samples B in a batch")] = 64,
    epochs: Annotated[int, Slider(1, 4, help="passes over all samples")] = 2,
    iteration: Annotated[int, Slider(1, 1_000_000, log=True, help="update that is looked at")] = 938,
    drop: Annotated[bool, Switch(help="leave out a last batch that is not full")] = False,
    memory: Annotated[float, Slider(0.25, 64, log=True, help="MiB that a forward pass may keep")] = 8.0,
    seed: Annotated[int, Slider(0, 9999, help="seed of the shuffles")] = 0,
) -> Iterator[Frame]:
    """Epochs, iterations and batches counted, which sample went where, and what a batch costs here.

    Try: --drop leaves out the last batch; --memory 1 runs out of memory earlier; --samples 120 shows every sample.
    Notice: the last batch is smaller, and its samples weigh more; larger batches bring more samples a second until
    the processor is busy; memory grows with the batch all the time.

    Epoch: one pass over all samples, none twice, none left out. Iteration: one update, by one batch. An epoch has
    ⌈N/B⌉ iterations, with ⌊N/B⌋ where the rest is dropped; with a rest, the last batch has N − B·⌊N/B⌋ samples.

    Timed here: forwards and backwards through two hidden layers of 256 units on digits, one thread, the median of a
    few steps, in processor time, so that other work does not count. Kept: what autograd holds for the backward pass;
    the limit stops the forward pass that goes beyond it.
    """
    counter = Counter(samples, batch, epochs, drop)
    found: list[Reading] = []
    fixed = (_counters(counter, iteration, seed), _strip(counter, seed))
    yield _frame(counter, iteration, fixed, found)
    for size in TRIED:
        found.append(reading(size, int(memory * MIB)))
        yield _frame(counter, iteration, fixed, found)


def _frame(counter: Counter, iteration: int, fixed: tuple[Figure, ...], found: list[Reading]) -> Frame:
    """Return pictures and numbers, with as many batches timed as have been."""
    kept = [one for one in found if not one.trouble]
    lost = [one for one in found if one.trouble]
    numbers: dict[str, Number] = {
        "iterations_per_epoch": counter.iterations,
        "iterations": counter.total,
        "last_batch": counter.last,
        "samples_seen": counter.epochs * min(counter.samples, counter.iterations * counter.batch),
        "batches_timed": [float(one.batch) for one in kept],
        "bytes_kept": [float(one.kept) for one in kept],
        "out_of_memory_at": lost[0].batch if lost else None,
    }
    if counter.iterations and iteration <= counter.total:
        numbers |= dict(zip(("epoch", "batch"), counter.place(iteration), strict=True))
    return Frame(
        figures=(*fixed, *((_speed(kept), _memory(kept), _costs(found)) if kept else (_costs(found),))),
        numbers=numbers,
        caption=f"{counter.iterations:,} iterations an epoch, the last batch has {counter.last}",
        total=1 + len(TRIED),
    )


def _counters(counter: Counter, iteration: int, seed: int) -> Table:
    """Return the counters at one iteration."""
    n, b = counter.samples, counter.batch
    rows: list[tuple[str, Any]] = [
        ("samples N", n),
        ("batch size B", b),
        ("iterations an epoch, " + (f"⌊{n}/{b}⌋" if counter.drop else f"⌈{n}/{b}⌉"), counter.iterations),
        ("samples in the last batch", counter.last),
        (f"iterations in {counter.epochs} epoch{'s' if counter.epochs > 1 else ''}", counter.total),
    ]
    if not counter.iterations:
        said = f"No batch is full: {n} samples are fewer than B = {b}, and the rest is dropped."
    elif iteration > counter.total:
        said = f"The training is over after iteration {counter.total:,}; {iteration:,} never comes."
    else:
        epoch, within = counter.place(iteration)
        row = shuffled(n, counter.epochs, seed)[epoch - 1][(within - 1) * b : within * b]
        more = " …" if len(row) > NAMED else ""
        said = (
            f"Iteration {iteration:,} is batch {within:,} of epoch {epoch}; its {len(row)} samples: "
            f"{', '.join(f'{one}' for one in row[:NAMED])}{more}"
        )
        rows += [("epoch of this iteration", epoch), ("batch within the epoch", within)]
    return Table(title="Counters", caption=said, columns=("what", "count"), rows=tuple(rows))


def _strip(counter: Counter, seed: int) -> Heatmap:
    """Return in which batch of each epoch the first samples were."""
    shown = min(counter.samples, STRIP)
    found = []
    for row in shuffled(counter.samples, counter.epochs, seed):
        batch = np.empty(counter.samples)
        batch[row] = np.arange(counter.samples) // counter.batch + 1.0
        found.append(np.where(batch > counter.iterations, np.nan, batch)[:shown])
    values = np.array(found)
    left = int(np.isnan(values).sum())
    return Heatmap(
        title=f"Strip: in which batch each of {'the first ' if shown < counter.samples else ''}{shown} samples was",
        caption=f"{left} of these were left out with the last batch." if left else "",
        values=values,
        x=np.arange(float(shown)),
        y=np.arange(float(counter.epochs)),
        x_label="sample",
        y_label="epoch",
        value_label="batch",
        downwards=True,
        row_names=tuple(f"epoch {k + 1}" for k in range(counter.epochs)),
        limits=(1.0, float(max(counter.iterations, 2))),
    )


def _speed(kept: list[Reading]) -> Lines:
    """Return samples a second over the batch."""
    title = "Samples a second of processor time, measured here"
    return _over_batch(kept, title, "samples/s", [one.rate for one in kept])


def _memory(kept: list[Reading]) -> Lines:
    """Return the bytes that a batch keeps."""
    return _over_batch(kept, "Memory kept for the backward pass", "MiB", [one.kept / MIB for one in kept])


def _over_batch(kept: list[Reading], title: str, unit: str, values: list[float]) -> Lines:
    """Return a value of each reading over the size of its batch."""
    sizes = np.array([float(one.batch) for one in kept])
    return Lines(
        title=title,
        series=(Series(name=unit, x=sizes, y=np.array(values)),),
        x_label="batch",
        y_label=unit,
        x_scale="log",
        y_scale="log",
    )


def _costs(found: list[Reading]) -> Table:
    """Return all that was timed."""
    return Table(
        title="What a batch costs",
        columns=("batch", "samples/s", "ms a step", "MiB kept", "said"),
        rows=tuple(
            (
                one.batch,
                "" if one.trouble else f"{float(f'{one.rate:.2g}'):,.0f}",
                "" if one.trouble else number(1000 * one.batch / one.rate, 3),
                number(one.kept / MIB, 3),
                one.trouble,
            )
            for one in found
        )
        or (("", "", "", "", "measured next"),),
    )


@batch_counter.check
def counts_of_the_notes() -> None:
    """N = 60,000 and B = 64: 938 iterations an epoch, the last batch has 32 (notes 000a)."""
    found = next(iter(batch_counter())).numbers
    near("iterations", found["iterations_per_epoch"], 938)
    near("last batch", found["last_batch"], 32)
    near("place of iteration 939", Counter(60_000, 64, 2).place(939), (2, 1))


@batch_counter.check
def counts_like_a_loader() -> None:
    """Iterations and the size of the last batch against torch's DataLoader, with and without its rest."""
    from torch.utils.data import DataLoader

    for samples, batch in ((1, 1), (10, 3), (12, 4), (7, 100), (288, 16)):
        for drop in (False, True):
            loader: DataLoader[Any] = DataLoader(range(samples), batch, drop_last=drop)  # type: ignore[arg-type]
            sizes = [len(rows) for rows in loader]
            one = Counter(samples, batch, 1, drop)
            near(f"iterations of {samples} by {batch}", one.iterations, len(sizes))
            near(f"last batch of {samples} by {batch}", one.last, sizes[-1] if sizes else 0)


@batch_counter.check
def every_sample_once() -> None:
    """An epoch's batches hold every sample once, none twice, none left out."""
    for row in shuffled(1000, 3, 5):
        near("samples", np.sort(row), np.arange(1000))
    strip = _strip(Counter(100, 16, 3), 0).values
    near(
        "fill of the batches",
        [[(row == k + 1).sum() for k in range(7)] for row in strip],
        [[16] * 6 + [4]] * 3,
    )


@batch_counter.check
def kept_by_hand() -> None:
    """Bytes kept of a batch of B: input, two hidden layers after ReLU, log-softmax, labels, a weight: by hand."""
    for size in (1, 64):
        known = (
            4 * size * (64 + 2 * WIDTH + 10) + 8 * size + 4
        )  # floats, labels of 8 bytes, the sum of weights
        near(f"bytes at {size}", reading(size, 64 * MIB).kept, known)


@batch_counter.check
def larger_batches_are_faster() -> None:
    """Samples a second at 256 are more than thrice those at 1, and gain less from there to 4096 (notes 000a)."""
    one, mid, large = (reading(size, 64 * MIB).rate for size in (1, 256, 4096))
    assert mid > 3 * one, (one, mid)
    assert large / mid < mid / one, (one, mid, large)


@batch_counter.check
def running_out_is_reported() -> None:
    """A limit, and an allocation that no machine can make, are told in words; nothing is raised."""
    found = batch_counter.last(memory=0.25).numbers
    assert found["out_of_memory_at"] == 256, found["out_of_memory_at"]
    huge = reading(1 << 44, 64 * MIB)
    assert huge.trouble.startswith("out of memory: "), huge
    assert np.isnan(huge.rate), huge
