"""Why a model gave its answer for one input, by several methods, with scores for each of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dltui.data.inputs import Given
from dltui.data.takes import Takes
from dltui.errors import DltuiError, UsageError
from dltui.figures import Array
from dltui.instruments.attribution.alike import rank_correlation, structural_similarity
from dltui.instruments.attribution.curves import curve, random_curves, shares_of, units_of
from dltui.instruments.attribution.methods import RUN, Choices, Found
from dltui.instruments.attribution.nothing import USUAL, Baseline, nothing
from dltui.instruments.attribution.parts import Labels, parts_of
from dltui.instruments.attribution.question import Question, Score, embedding_of
from dltui.instruments.attribution.randomised import cascade
from dltui.instruments.attribution.targets import name_of, target_of
from dltui.objective.undisturbed import undisturbed
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.explanation import SIZES, Explanation

UNIT = 100  # steps of progress that one method is told in
LOOKS = 8  # layers, or groups of them, after which the maps are compared when layers are forgotten
ORDERS = 5  # random orders behind the curves of chance
TOP = 10  # answers that are kept
PARTS, FEW_PARTS = 50, 16  # superpixels of a photo, and of a tiny picture
TINY = 16


@dataclass(frozen=True)
class Wanted:
    """What is asked for besides the maps.

    Attributes:
        curves: Deletion and insertion curves.
        sanity: The maps again as layers are forgotten.
        segments: Superpixels, or parts of a long row of numbers; None for what suits the size.
        score: What is explained.
        baseline: What stands for nothing; None for what suits the input.
    """

    curves: bool = True
    sanity: bool = False
    segments: int | None = None
    score: Score = "logit"
    baseline: Baseline | None = None


def explain(
    module: nn.Module,
    given: Given,
    takes: Takes,
    *,
    methods: Sequence[str],
    target: int | str | None = None,
    choices: Choices | None = None,
    wanted: Wanted | None = None,
    device: torch.device | None = None,
    title: str = "",
    weights: str = "",
    report: Report = silent,
) -> Explanation:
    """Return how much each place of an input had to do with one output of a model.

    The model is looked at in evaluation mode and left as it was found.

    Args:
        module: The model.
        given: The input.
        takes: What the model takes.
        methods: Names of methods; of several, those that don't suit the model are left out and told.
        target: Number or name of the output; None for the answer that the model gives.
        choices: What may be chosen of the methods.
        wanted: What is asked for besides the maps.
        device: Where to compute; where the model is when None.
        title: What the model is called.
        weights: Where its weights came from.
        report: Told how far the work is, with what is known by now.

    Returns:
        The maps, with their scores.

    Raises:
        UsageError: If there is no such output, or no method suits.
    """
    choices, wanted = choices or Choices(), wanted or Wanted()
    with undisturbed(module):
        module.eval()
        module.requires_grad_(False)  # of the input alone: nothing is kept for gradients of weights
        if device is not None:
            module.to(device)
        question, row = _asked(module, given, takes, target, wanted)
        work = _Work(question, given, takes, row, choices, wanted, title, weights, report)
        return work.done(list(methods))


def _asked(
    module: nn.Module, given: Given, takes: Takes, target: int | str | None, wanted: Wanted
) -> tuple[Question, Tensor]:
    """Return the question, and the outputs for the input, shape (K,)."""
    first = next((part for part in [*module.parameters(), *module.buffers()]), None)
    x = given.tensor.to(first.device if first is not None else "cpu")
    if x.is_floating_point() and first is not None and first.is_floating_point():
        x = x.to(first.dtype)
    ids = embedding = None
    if takes.kind == "tokens":
        ids = x
        embedding, x = embedding_of(module, ids)
    name = wanted.baseline or USUAL[takes.kind]
    baseline = nothing(name, x, takes, embedding)
    question = Question(module, x, baseline, 0, takes.kind, wanted.score, ids, embedding)
    with torch.no_grad():
        row = question.outputs(x)[0].cpu().double()
    return question.asked(target=target_of(target, row, takes)), row


class _Work:
    """One explanation while it is made."""

    def __init__(
        self,
        question: Question,
        given: Given,
        takes: Takes,
        row: Tensor,
        choices: Choices,
        wanted: Wanted,
        title: str,
        weights: str,
        report: Report,
    ) -> None:
        self.question, self.given, self.takes, self.row = question, given, takes, row
        self.choices, self.wanted, self.title, self.weights = choices, wanted, title, weights
        self.report = report
        self.labels = self._parts()
        self.maps: list[Array] = []
        self.names: list[str] = []
        self.details: list[dict[str, Any]] = []
        self.skipped: list[dict[str, str]] = []
        self.extra: dict[str, Any] = {}
        self.ends = question.values(torch.cat([question.x, question.baseline])).tolist()
        self.units = self.at = 0

    def done(self, methods: list[str]) -> Explanation:
        """Do all of it, telling what is known on the way."""
        self.units = len(methods) * (1 + self.wanted.curves + LOOKS * self.wanted.sanity)
        for method in methods:
            self._run(method, alone=len(methods) == 1)
        if not self.names:
            told = "; ".join(f"{one['method']}: {one['why']}" for one in self.skipped)
            raise UsageError(f"none of these methods suits: {told}")
        if self.wanted.curves:
            self._curves()
        if self.wanted.sanity:
            self._sanity()
        return self.known()

    def known(self) -> Explanation:
        """Return what is known by now."""
        picture = self.given.picture
        label = self.given.label
        shown = picture if picture is not None else np.zeros((0, 0, 3), np.uint8)
        places = self.labels.shape
        found = Explanation(
            title=f"{self.title or type(self.question.module).__name__} on {self.given.title}",
            kind=self.takes.kind,
            methods=list(self.names),
            maps=np.stack(self.maps) if self.maps else np.zeros((0, *places)),
            details=list(self.details),
            skipped=list(self.skipped),
            target=self.question.target,
            target_name=name_of(self.question.target, self.takes),
            score=self.wanted.score,
            value=self.ends[0],
            baseline_value=self.ends[1],
            baseline=self.wanted.baseline or USUAL[self.takes.kind],
            answers=self._answers(),
            label="" if label is None else name_of(label, self.takes),
            input_title=self.given.title,
            weights=self.weights,
            picture=shown,
            pieces=list(self.given.pieces),
            groups=self.labels,
            seed=self.choices.seed,
            made=Made(device=str(self.question.x.device), seed=self.choices.seed),
        )
        return replace(found, **self.extra)

    def _run(self, method: str, *, alone: bool) -> None:
        """Run one method, and leave it out where it does not suit unless it is the only one."""
        counted, began = _Counted(self.question.module), time.perf_counter()
        try:
            with counted:
                found = self._found(method, self.question, self._within())
        except UsageError as error:
            if alone:
                raise
            self.skipped.append({"method": method, "why": str(error)})
        else:
            self.names.append(method)
            self.maps.append(found.values)
            spent = {"seconds": time.perf_counter() - began, "forwards": counted.inputs}
            self.details.append({**spent, **found.details})
        self._unit_done()

    def _found(self, method: str, question: Question, report: Report) -> Found:
        found = RUN[method](question, self.labels, self.choices, report)
        if not np.isfinite(found.values).all():
            raise DltuiError(f"{method} gives numbers that are not finite: does the model, on this input?")
        return found

    def _curves(self) -> None:
        """Measure how well each map tells what is important."""
        units = units_of(self.labels)
        shares = shares_of(units)
        found = []
        for name, values in zip(self.names, self.maps, strict=True):
            weight = np.abs(values) if name in SIZES else values
            found.append(curve(self.question, weight, units, shares, self._within()))
            self._unit_done(tell=False)
        chance = random_curves(self.question, units, shares, orders=ORDERS, seed=self.choices.seed)
        self.extra |= {
            "shares": shares,
            "deletion": np.stack([one.deletion for one in found]),
            "insertion": np.stack([one.insertion for one in found]),
            "random_deletion": chance.deletion,
            "random_insertion": chance.insertion,
        }
        self.report(self.at, self.units * UNIT, self.known())

    def _sanity(self) -> None:
        """Compare the maps with those of the model after more and more layers were forgotten."""
        layers, ranks, similar = [], [], []
        with undisturbed(self.question.module):
            for layer in cascade(self.question, most=LOOKS, seed=self.choices.seed):
                layers.append(layer)
                question = self._again()
                pairs = [
                    self._alike(name, before, question)
                    for name, before in zip(self.names, self.maps, strict=True)
                ]
                ranks.append([pair[0] for pair in pairs])
                similar.append([pair[1] for pair in pairs])
        self.extra |= {"sanity_layers": layers, "rank_correlation": np.array(ranks).T}
        if self.takes.kind == "image":
            self.extra["similarity"] = np.array(similar).T

    def _again(self) -> Question:
        """Return the question about the model as it is now: its embeddings may have been forgotten too."""
        if self.question.ids is None:
            return self.question
        embedding, x = embedding_of(self.question.module, self.question.ids)
        name = self.wanted.baseline or USUAL[self.takes.kind]
        return self.question.asked(x=x, baseline=nothing(name, x, self.takes, embedding))

    def _alike(self, method: str, before: Array, question: Question) -> tuple[float, float]:
        """Return rank correlation and SSIM of the sizes of a map with those before, NaN where there is no map now."""
        try:
            now = np.abs(self._found(method, question, self._within()).values)
        except UsageError:
            now = np.full(before.shape, np.nan)
        self._unit_done(tell=False)
        if not np.isfinite(now).all():
            return np.nan, np.nan
        size = np.abs(before)
        alike = structural_similarity(size, now) if self.takes.kind == "image" else np.nan
        return rank_correlation(size, now), alike

    def _parts(self) -> Labels:
        """Return superpixels, words, or numbers."""
        question, picture = self.question, self.given.picture
        few = question.kind == "image" and min(question.x.shape[-2:]) <= TINY
        count = self.wanted.segments or (FEW_PARTS if few else PARTS)
        seen = None if picture is None else np.asarray(picture, float) / 255
        return parts_of(question.kind, question.x, picture=seen, pieces=self.given.pieces, count=count)

    def _answers(self) -> list[dict[str, Any]]:
        """Return the likeliest outputs, and the one that is explained."""
        several = len(self.row) > 1
        chance = self.row.softmax(dim=0)
        order = self.row.argsort(descending=True, stable=True)[:TOP].tolist()
        if self.question.target not in order:
            order.append(self.question.target)
        return [
            {
                "number": number,
                "name": name_of(number, self.takes),
                "output": float(self.row[number]),
                "probability": float(chance[number]) if several else None,
            }
            for number in order
        ]

    def _within(self) -> Report:
        """Return how what is being done tells its own progress."""

        def told(done: int, total: int, partial: object = None) -> None:
            del partial
            share = done / total if total else 0
            self.report(self.at + min(UNIT - 1, int(UNIT * share)), self.units * UNIT)

        return told

    def _unit_done(self, *, tell: bool = True) -> None:
        self.at += UNIT
        self.report(self.at, self.units * UNIT, self.known() if tell and self.names else None)


class _Counted:
    """Counts the inputs that a model is run on while this lasts."""

    def __init__(self, module: nn.Module) -> None:
        self._module, self.inputs = module, 0

    def __enter__(self) -> None:
        def count(_: nn.Module, given: tuple[Any, ...]) -> None:
            self.inputs += len(given[0]) if given and isinstance(given[0], Tensor) else 1

        self._handle = self._module.register_forward_pre_hook(count)

    def __exit__(self, *_: object) -> None:
        self._handle.remove()
