"""Why a model gave its answer: a map for each method, how good it is, and whether it depends on what was learnt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.errors import UsageError, unknown
from dltui.figures import Array, Figure
from dltui.results.base import Result

# name -> what it shows, in a few words
METHODS = {
    "saliency": "size of the gradient at each place",
    "gradient-x-input": "gradient times input",
    "smoothgrad": "mean gradient over noisy copies",
    "integrated-gradients": "gradients added up on the way from the baseline",
    "guided-backprop": "gradient through ReLUs that let only positive ones pass",
    "cam": "last maps, weighed by the class's own weights",
    "grad-cam": "maps of a layer, weighed by their mean gradient",
    "grad-cam++": "the same, for several objects of one class",
    "occlusion": "fall of the score where a patch covers the input",
    "lime": "line that imitates the model on parts of the input",
    "shap": "Shapley values of parts of the input",
}
SIZES = frozenset({
    "saliency",
    "smoothgrad",
    "guided-backprop",
})  # it is their size that counts, not their sign
ADDED = frozenset({"gradient-x-input", "integrated-gradients", "lime", "shap"})  # whose places share out f(x)
ALL = "all"
LENS = "logit-lens"  # reads the layers of a language model, not the parts of its input: it is asked for alone


def chosen_methods(spelled: str) -> list[str]:
    """Return the methods that a list with commas names.

    Args:
        spelled: ``grad-cam``, ``saliency,lime``, ``all``, or ``logit-lens``.

    Returns:
        Their names, each once, in the order in which they were asked for.

    Raises:
        UsageError: If one of them is none.
    """
    words = [word.strip() for word in spelled.split(",") if word.strip()]
    if not words:
        raise UsageError(f"--method names none: expected {ALL}, or some of {', '.join(METHODS)}")
    for word in words:
        if word not in METHODS and word not in {ALL, LENS}:
            raise unknown("method", word, [*METHODS, ALL, LENS])
    if LENS in words and len(words) > 1:
        raise UsageError(f"{LENS} reads layers, not parts of the input: ask for it alone, --method {LENS}")
    return list(METHODS) if ALL in words else list(dict.fromkeys(words))


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation(Result):
    """What each place of one input had to do with one output.

    Places are pixels (H, W), tokens (T,), or the numbers of a sample.

    Attributes:
        kind: ``image``, ``tokens`` or ``array``.
        methods: Names of the methods.
        maps: What each found, shape (m, …places).
        details: For each method: ``seconds``, ``forwards`` of single inputs, and what else it tells, such as ``layer``,
            ``steps``, ``gap``, ``exact``, ``quality``.
        skipped: Methods that do not suit the model or the input, each with the reason.
        target: Number of the output that is explained.
        target_name: What it is called.
        score: What is explained: ``logit`` or ``probability``.
        value: f(x).
        baseline_value: f(baseline).
        baseline: What stood for nothing: ``black``, ``white``, ``mean``, ``blur`` or ``zero``.
        answers: The likeliest outputs: number, name, output and probability (None of a single output).
        label: Name of the right answer where it is known, or empty.
        input_title: What was given to the model.
        weights: Where the model's weights came from.
        picture: The picture as the model sees it, 0 … 255, shape (h, w, c); empty where there is none.
        pieces: What stands for each token.
        groups: Which superpixel, word or group each place belongs to, of the shape of the places.
        shares: Shares of the places at which scores were measured, shape (p,); empty without curves.
        deletion: Score after the most important places were deleted, shape (m, p).
        insertion: Score after they were inserted, shape (m, p).
        random_deletion: The mean over random orders, shape (p,).
        random_insertion: The same for insertion.
        sanity_layers: Layers in the order in which they were forgotten; empty without that check.
        rank_correlation: Spearman's ρ of the sizes of each map with those after forgetting, shape (m, l).
        similarity: SSIM of the same, shape (m, l); empty where there are no pictures.
        seed: Seed of every draw.
    """

    schema: ClassVar[str] = "explanation/1"

    kind: str
    methods: list[str]
    maps: Array
    details: list[dict[str, Any]]
    target: int
    target_name: str
    value: float
    baseline_value: float
    skipped: list[dict[str, str]] = field(default_factory=list)
    score: str = "logit"
    baseline: str = "zero"
    answers: list[dict[str, Any]] = field(default_factory=list)
    label: str = ""
    input_title: str = ""
    weights: str = ""
    picture: Array = field(default_factory=lambda: np.zeros((0, 0, 3), np.uint8))
    pieces: list[str] = field(default_factory=list)
    groups: Array = field(default_factory=lambda: np.zeros(0, np.int64))
    shares: Array = field(default_factory=lambda: np.empty(0))
    deletion: Array = field(default_factory=lambda: np.empty((0, 0)))
    insertion: Array = field(default_factory=lambda: np.empty((0, 0)))
    random_deletion: Array = field(default_factory=lambda: np.empty(0))
    random_insertion: Array = field(default_factory=lambda: np.empty(0))
    sanity_layers: list[str] = field(default_factory=list)
    rank_correlation: Array = field(default_factory=lambda: np.empty((0, 0)))
    similarity: Array = field(default_factory=lambda: np.empty((0, 0)))
    seed: int = 0

    def area(self, curve: str, method: str) -> float | None:
        """Return the area below the ``deletion`` or ``insertion`` curve of a method, or of ``random`` orders.

        Args:
            curve: Which curve.
            method: Name of a method, or ``random``.

        Returns:
            0 … 1 for probabilities; None where no curves were measured.
        """
        if not self.shares.size:
            return None
        if method == "random":
            scores = getattr(self, f"random_{curve}")
        else:
            scores = getattr(self, curve)[self.methods.index(method)]
        return float(np.trapezoid(scores, self.shares))

    def summary(self) -> dict[str, Any]:
        """Return answer, target and what each method found, with its scores."""
        return {
            "input": self.input_title,
            "kind": self.kind,
            "target": {"number": self.target, "name": self.target_name},
            "label": self.label or None,
            "answers": self.answers,
            "score": self.score,
            "value": self.value,
            "baseline": self.baseline,
            "baseline_value": self.baseline_value,
            "weights": self.weights,
            "methods": [self._method(place) for place in range(len(self.methods))],
            "skipped": self.skipped,
            "pieces": self.pieces or None,
            "curves": self._curves(),
            "sanity": self._sanity(),
            "seed": self.seed,
        }

    def figures(self) -> list[Figure]:
        """Return the maps, the answers, the curves, the check by forgetting, and a table of the methods."""
        from dltui.results.explanation_figures import figures

        return figures(self)

    def _method(self, place: int) -> dict[str, Any]:
        """Return what one method found."""
        name, found = self.methods[place], self.maps[place]
        small = self.kind != "image"
        return {
            "name": name,
            "sum": float(found.sum()),
            "least": float(found.min()),
            "largest": float(found.max()),
            "strongest": [int(i) for i in np.unravel_index(int(np.abs(found).argmax()), found.shape)],
            "deletion_area": self.area("deletion", name),
            "insertion_area": self.area("insertion", name),
            **self.details[place],
            "attribution": found.tolist() if small else None,
        }

    def _curves(self) -> dict[str, Any] | None:
        """Return the curves, or None."""
        if not self.shares.size:
            return None
        return {
            "shares": self.shares.tolist(),
            "deletion": dict(zip(self.methods, self.deletion.tolist(), strict=True)),
            "insertion": dict(zip(self.methods, self.insertion.tolist(), strict=True)),
            "random_deletion": self.random_deletion.tolist(),
            "random_insertion": self.random_insertion.tolist(),
            "random_deletion_area": self.area("deletion", "random"),
            "random_insertion_area": self.area("insertion", "random"),
        }

    def _sanity(self) -> dict[str, Any] | None:
        """Return the check by forgetting, or None."""
        if not self.sanity_layers:
            return None
        alike = (
            dict(zip(self.methods, _known(self.similarity), strict=True)) if self.similarity.size else None
        )
        return {
            "layers": self.sanity_layers,
            "rank_correlation": dict(zip(self.methods, _known(self.rank_correlation), strict=True)),
            "similarity": alike,
        }


def _known(rows: Array) -> list[list[float | None]]:
    """Return rows of numbers, None where there is none."""
    return [[float(value) if np.isfinite(value) else None for value in row] for row in rows]
