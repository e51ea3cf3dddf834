"""Linear probes on every layer: what can be read off it, beside what could be read without any training.

Alain and Bengio 2016, arXiv:1610.01644; the control by labels that mean nothing after Hewitt and Liang 2019,
arXiv:1909.03368. A probe that does no better on a trained network than on a fresh one has not found anything that the
training put there, and one that learns shuffled labels has room enough to learn anything by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from dltui.data import Dataset
from dltui.data.takes import Takes, takes_of
from dltui.errors import UsageError
from dltui.instruments.features.layers import find_layer
from dltui.instruments.probe.basis import Basis, turned
from dltui.instruments.probe.ridge import choose_ridge, ridge_at
from dltui.instruments.probe.samples import Samples, draw
from dltui.instruments.probe.softmax import Fitted, choose_softmax, softmax_at
from dltui.instruments.probe.stations import INPUT, Features, features, stations
from dltui.instruments.probe.untrained import untrained
from dltui.objective.undisturbed import undisturbed
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.probing import Probing

Solver = Literal["logistic", "ridge"]
CHOOSE: dict[str, Callable[[Basis, Tensor, int], Fitted]] = {
    "logistic": choose_softmax,
    "ridge": choose_ridge,
}
FIT: dict[str, Callable[[Basis, Tensor, int, float], Fitted]] = {"logistic": softmax_at, "ridge": ridge_at}
FEWEST = 10  # samples that a probe needs


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        layers: Names; those on the way through the network where there are none.
        samples: Samples (or tokens) of each part, at most.
        solver: How probes are fitted.
        draws: Networks with fresh weights that are probed beside.
        seed: Seed of all draws.
    """

    layers: tuple[str, ...] = ()
    samples: int = 1000
    solver: Solver = "logistic"
    draws: int = 2
    seed: int = 0


def probe(
    module: nn.Module,
    dataset: Dataset,
    plan: Plan | None = None,
    *,
    takes: Takes | None = None,
    title: str = "",
    device: torch.device | None = None,
    report: Report = silent,
) -> Probing:
    """Return how well the classes can be read off each layer by a linear probe.

    Args:
        module: The network, which is left as found.
        dataset: Samples with classes; probes learn on the training part and are judged on the held-out one.
        plan: What is measured.
        takes: What the network takes; samples of the data set where None.
        title: What is looked at.
        device: Where the network runs; probes are fitted on the CPU.
        report: Called after every layer with what is known by then.

    Returns:
        Accuracy by layer with standard errors, and the controls.

    Raises:
        UsageError: If the data have no classes, or too few samples.
    """
    plan = plan or Plan()
    if dataset.task == "numbers":
        raise UsageError(
            f"probes read classes, but the answers of {dataset.name} are numbers: try --data digits"
        )
    taken = takes or takes_of(dataset)
    learn, held = (draw(dataset, taken, part, plan.samples, plan.seed) for part in ("train", "test"))
    if min(len(learn.rows), len(held.rows)) < FEWEST:
        raise UsageError(
            f"{dataset.name} has {len(learn.rows)} samples to learn from and {len(held.rows)} held out: a probe needs "
            f"{FEWEST} of each"
        )
    place = device or torch.device("cpu")
    with undisturbed(module):
        module.to(place).eval()
        first = learn.x[:2].to(place)
        names = list(plan.layers) or stations(module, first)
        for name in names:
            find_layer(module, name)
        walk = _Walk(
            dataset, learn, held, plan, [*([INPUT] if not dataset.reads_tokens else []), *names], place
        )
        walk.known = replace(walk.known, title=title, made=Made(device=str(place), seed=plan.seed))
        return walk.go(module, report)


class _Walk:
    """Probing one layer after the other, first of the network as it is, then of fresh ones."""

    def __init__(
        self,
        dataset: Dataset,
        learn: Samples,
        held: Samples,
        plan: Plan,
        names: list[str],
        device: torch.device,
    ) -> None:
        assert learn.y is not None
        assert held.y is not None
        self._learn, self._held, self._plan, self._names, self._device = learn, held, plan, names, device
        self._y, self._answers, self._classes = learn.y, held.y, len(dataset.classes)
        random = np.random.default_rng([plan.seed, 2])
        self._shuffled = self._y[torch.from_numpy(random.permutation(len(self._y)))]
        self._choose = CHOOSE[plan.solver]
        self._random: list[list[float]] = [[] for _ in names]
        count, blank = len(names), np.full(len(names), np.nan)
        usual = int(torch.bincount(self._y, minlength=self._classes).argmax())
        self.known = Probing(
            layers=names,
            kinds=[""] * count,
            shapes=[[] for _ in names],
            notes=[""] * count,
            classes=list(dataset.classes),
            accuracy=blank.copy(),
            train_accuracy=blank.copy(),
            shuffled=blank.copy(),
            untrained=blank.copy(),
            untrained_spread=blank.copy(),
            penalty=blank.copy(),
            confusion=np.zeros((count, self._classes, self._classes), np.int64),
            majority=float((self._answers == usual).double().mean()),
            majority_class=dataset.classes[usual],
            samples=len(self._y),
            held_out=len(self._answers),
            what="tokens" if learn.positions else "samples",
            solver=plan.solver,
            draws=plan.draws,
            complete=False,
        )

    def go(self, module: nn.Module, report: Report) -> Probing:
        """Probe all layers."""
        total = len(self._names) * (1 + self._plan.draws)
        done = 0
        report(0, total)
        for place, (learn, held) in enumerate(self._pairs(module, self._names)):
            self._take(place, learn, held)
            done += 1
            report(done, total, self.known)
        for number in range(self._plan.draws):
            fresh = untrained(module, self._plan.seed * 1000 + number + 1).eval()
            for place, (learn, held) in enumerate(self._pairs(fresh, self._names)):
                self._compare(place, learn, held)
                done += 1
                report(done, total, self.known)
        return replace(self.known, complete=True)

    def _pairs(self, module: nn.Module, names: Sequence[str]) -> Iterator[tuple[Features, Features]]:
        """Yield the features of both parts, layer by layer."""
        both = (
            features(module, names, some.x, positions=some.positions, device=self._device)
            for some in (self._learn, self._held)
        )
        yield from zip(*both, strict=True)

    def _basis(self, learn: Features, held: Features) -> Basis:
        return turned(learn.values[self._learn.rows], held.values[self._held.rows])

    def _take(self, place: int, learn: Features, held: Features) -> None:
        """Probe a layer of the network as it is."""
        basis = self._basis(learn, held)
        found = self._choose(basis, self._y, self._classes)
        said = found.scores(basis.held).argmax(1)
        control = FIT[self._plan.solver](basis, self._shuffled, self._classes, found.penalty)
        table = torch.zeros(self._classes, self._classes, dtype=torch.int64)
        table.index_put_((self._answers, said), torch.ones_like(said), accumulate=True)
        known = self.known = _copied(self.known)
        known.confusion[place] = table.numpy()
        known.accuracy[place] = float((said == self._answers).double().mean())
        known.train_accuracy[place] = float((found.scores(basis.learn).argmax(1) == self._y).double().mean())
        known.shuffled[place] = float((control.scores(basis.held).argmax(1) == self._answers).double().mean())
        known.penalty[place] = found.penalty
        known.kinds[place], known.shapes[place], known.notes[place] = (
            learn.kind,
            list(learn.shape),
            learn.note,
        )

    def _compare(self, place: int, learn: Features, held: Features) -> None:
        """Probe a layer of a fresh network."""
        if self._names[place] == INPUT and self._random[place]:
            found = self._random[place][0]  # the samples are the same in every network
        else:
            basis = self._basis(learn, held)
            probe = self._choose(basis, self._y, self._classes)
            found = float((probe.scores(basis.held).argmax(1) == self._answers).double().mean())
        self._random[place].append(found)
        known = self.known = _copied(self.known)
        known.untrained[place] = np.mean(self._random[place])
        known.untrained_spread[place] = (
            np.std(self._random[place], ddof=1) if len(self._random[place]) > 1 else np.nan
        )


def _copied(known: Probing) -> Probing:
    """Return the same with arrays of its own, so that what was reported stays as it was."""
    names = (
        "accuracy",
        "train_accuracy",
        "shuffled",
        "untrained",
        "untrained_spread",
        "penalty",
        "confusion",
    )
    arrays = {name: getattr(known, name).copy() for name in names}
    return replace(known, kinds=[*known.kinds], shapes=[*known.shapes], notes=[*known.notes], **arrays)
