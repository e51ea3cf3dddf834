"""Gradient norms: layer by layer, sample by sample, and through the depth of the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Figure
from dltui.results.base import Result
from dltui.results.depth import Depth, factors, judge, plain
from dltui.results.noise import Noise

FAR = 3.0  # interquartile ranges above the third quartile, beyond which a sample is an outlier


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientNorms(Result):
    """‖∇L‖ of every parameter tensor and of every sample, and what becomes of gradients on their way back.

    Attributes:
        loss: L at the point that is looked at.
        at: Where that is in the plane of a landscape: [α, β] or [α]; empty for θ*.
        normalize: How the directions of that plane are scaled; empty for θ*.
        total_norm: ‖∇L‖ over all parameters.
        names: Parameter tensors in the order of the model.
        shapes: Their shapes.
        grad_norms: ‖∇L‖ of each tensor, shape (t,).
        weight_norms: ‖w‖ of each tensor, shape (t,).
        sample_norms: ‖∇ℓᵢ‖ of every sample i, shape (n,), or None when not asked for; NaN where not known yet.
        complete: Whether the work was done; False for what was known in the middle of it.
        samples: How many samples the loss is the mean of.
        method: How the norms by sample were computed: ``ghost norms``, ``vmap`` or ``one by one``, or which of them for
            which modules; may be empty.
        loss_name: What the loss is called.
        mode: ``eval`` when batch norm uses running statistics and dropout is off.
        update_norms: By how much one step of the optimiser moves each tensor, shape (t,), or None where no learning
            rate is known.
        learning_rate: Of that step.
        step: Which optimiser, and where its settings come from; empty without a learning rate.
        batch_size: B of the batches that were compared; 0 for none.
        batches: How many there were.
        cosines: Mean cosine between the gradients of successive batches for each tensor and for all together, shape
            (t + 1,).
        cosine_errors: Standard errors of these.
        batch_square: Mean of ‖g_B‖², measured, and its standard error.
        noise_sums: Sums over the samples of q = ‖∇ℓᵢ‖², h = ⟨∇ℓᵢ, ∇L⟩, q², q·h and h², for each tensor and for all
            together, shape (5, t + 1), or None.
        modules: Those that own a matrix or a kernel, in the order in which they are used.
        signal: For each of them mean and root mean square of its output, the same after its activation function, root
            mean square over the samples of ‖δ‖ and root mean square of δ's numbers, shape (6, l).
        units: What is known of each activation function: name, kind, units, dead, saturated and shares.
        clip: A threshold C at which norms by sample would be clipped, or None.
        hardest: Samples of the largest norm, the largest first, as rows of the data set, shape (k,).
        hardest_norms: Their norms, shape (k,).
        hardest_losses: Their losses, shape (k,).
        hardest_answers: What each was to be, in words.
        hardest_guesses: What the model said, in words; empty where answers are numbers.
        hardest_pixels: Them as pictures, shape (k, h, w) or (k, h, w, 3), or None.
    """

    schema: ClassVar[str] = "gradients/1"

    loss: float
    total_norm: float
    names: list[str]
    shapes: list[list[int]]
    grad_norms: Array
    weight_norms: Array
    sample_norms: Array | None = None
    samples: int
    method: str = ""
    complete: bool = True
    at: list[float] = field(default_factory=list)
    normalize: str = ""
    loss_name: str = "loss"
    mode: str = "eval"
    update_norms: Array | None = None
    learning_rate: float | None = None
    step: str = ""
    batch_size: int = 0
    batches: int = 0
    cosines: Array | None = None
    cosine_errors: Array | None = None
    batch_square: list[float] = field(default_factory=list)
    noise_sums: Array | None = None
    modules: list[str] = field(default_factory=list)
    signal: Array = field(default_factory=lambda: np.zeros((6, 0)))
    units: list[dict[str, Any]] = field(default_factory=list)
    clip: float | None = None
    hardest: Array | None = None
    hardest_norms: Array | None = None
    hardest_losses: Array | None = None
    hardest_answers: list[str] = field(default_factory=list)
    hardest_guesses: list[str] = field(default_factory=list)
    hardest_pixels: Array | None = None

    @property
    def ratios(self) -> Array:
        """‖∇L‖ / ‖w‖ of each tensor; NaN where all weights are 0."""
        return self._against_weights(self.grad_norms)

    @property
    def update_ratios(self) -> Array | None:
        """‖Δw‖ / ‖w‖ of each tensor for one step of the optimiser; NaN where all weights are 0."""
        return None if self.update_norms is None else self._against_weights(self.update_norms)

    def _against_weights(self, norms: Array) -> Array:
        return np.divide(
            norms, self.weight_norms, out=np.full_like(norms, np.nan), where=self.weight_norms > 0
        )

    @property
    def noise_scale(self) -> float | None:
        """Simple gradient noise scale tr Σ / ‖∇L‖² where these samples are all that there are.

        Σ is the covariance of the gradients of single samples; batches much larger than this number are wasted.
        """
        norms = self.known_norms
        if norms is None or self.samples < 2 or not self.total_norm:
            return None
        mean_square, square = float(np.mean(norms**2)), self.total_norm**2
        return self.samples / (self.samples - 1) * (mean_square - square) / square

    @property
    def noise(self) -> Noise | None:
        """Estimates for all samples that there could be, over all tensors."""
        return None if self.noise_sums is None else self._noise(-1, self.total_norm)

    @property
    def layer_noise(self) -> list[Noise] | None:
        """The same for each tensor."""
        if self.noise_sums is None:
            return None
        return [self._noise(place, float(norm)) for place, norm in enumerate(self.grad_norms)]

    def _noise(self, place: int, norm: float) -> Noise:
        assert self.noise_sums is not None
        return Noise.of(self.noise_sums[:, place], self.samples, norm**2)

    @property
    def depth(self) -> Depth | None:
        """Whether gradients vanish or explode, or None where no layer was seen."""
        return judge(self.modules, self.signal[4]) if self.modules else None

    @property
    def known_norms(self) -> Array | None:
        """Norms of the samples that are known, shape (m,), or None where none is."""
        if self.complete or self.sample_norms is None:
            return self.sample_norms
        known = self.sample_norms[~np.isnan(self.sample_norms)]
        return known if known.size else None

    @property
    def fence(self) -> float | None:
        """The norm beyond which a sample is an outlier: three interquartile ranges above the third quartile."""
        norms = self.known_norms
        if norms is None:
            return None
        low, high = np.quantile(norms, [0.25, 0.75])
        return float(high + FAR * (high - low))

    def clipped(self, threshold: float) -> float | None:
        """Return the share of samples whose norm is above ``threshold``."""
        norms = self.known_norms
        return None if norms is None else float((norms > threshold).mean())

    def summary(self) -> dict[str, Any]:
        """Return the contract: loss, total_norm, one entry a layer, the depth, and the per-sample norms."""
        return {
            "loss": self.loss,
            "at": self.at or None,
            "normalize": self.normalize or None,
            "complete": self.complete,
            "total_norm": self.total_norm,
            "layers": [self._layer(place) for place in range(len(self.names))],
            "step": None
            if self.learning_rate is None
            else {"learning_rate": self.learning_rate, "rule": self.step},
            "batches": self._batches(),
            "noise": None if self.noise is None else self.noise.summary(),
            "depth": self._depth(),
            "activations": self.units,
            "per_sample": self._per_sample(),
            "samples": self.samples,
            "loss_name": self.loss_name,
            "mode": self.mode,
        }

    def _layer(self, place: int) -> dict[str, Any]:
        """Return what is known of one tensor."""
        ratios, cosines, noise = self.update_ratios, self.cosines, self.layer_noise
        return {
            "name": self.names[place],
            "shape": list(self.shapes[place]),
            "grad_norm": float(self.grad_norms[place]),
            "weight_norm": float(self.weight_norms[place]),
            "ratio": plain(self.ratios[place]),
            "update_ratio": None if ratios is None else plain(ratios[place]),
            "cosine": None if cosines is None else plain(cosines[place]),
            "cosine_error": None if self.cosine_errors is None else plain(self.cosine_errors[place]),
            "noise": None if noise is None else noise[place].summary(),
        }

    def _batches(self) -> dict[str, Any] | None:
        """Return what successive batches have in common."""
        if self.cosines is None or self.cosine_errors is None:
            return None
        expected = None if self.noise is None else self.noise.expected(self.batch_size)
        return {
            "size": self.batch_size,
            "count": self.batches,
            "cosine": plain(self.cosines[-1]),
            "cosine_error": plain(self.cosine_errors[-1]),
            "square": self.batch_square[0],
            "square_error": self.batch_square[1],
            "expected_square": expected,
        }

    def _depth(self) -> dict[str, Any] | None:
        """Return the verdict, and every layer's part in it."""
        if self.depth is None:
            return None
        rows = zip(self.modules, self.signal.T, factors(self.signal[4]), strict=True)
        keys = ("mean", "rms", "activation_mean", "activation_rms", "gradient_norm", "gradient_rms")
        return self.depth.summary() | {
            "layers": [
                {"name": name}
                | {key: plain(value) for key, value in zip(keys, values, strict=True)}
                | {"factor": plain(factor)}
                for name, values, factor in rows
            ]
        }

    def _per_sample(self) -> dict[str, Any] | None:
        """Return what is known of single samples."""
        norms, fence = self.known_norms, self.fence
        if self.sample_norms is None or norms is None or fence is None:
            return None
        out = norms > fence
        return {
            "mean": float(norms.mean()),
            "max": float(norms.max()),
            "median": float(np.median(norms)),
            "method": self.method,
            "noise_scale": self.noise_scale,
            "outliers": {
                "above": fence,
                "count": int(out.sum()),
                "share_of_square": float((norms[out] ** 2).sum() / max((norms**2).sum(), 1e-300)),
            },
            "clip": None if self.clip is None else {"at": self.clip, "share": self.clipped(self.clip)},
            "hardest": self._hardest(),
            "norms": self.sample_norms.tolist(),
        }

    def _hardest(self) -> list[dict[str, Any]]:
        """Return the samples of the largest norm."""
        if self.hardest is None or self.hardest_norms is None or self.hardest_losses is None:
            return []
        guesses: list[str | None] = [*self.hardest_guesses] or [None] * len(self.hardest)
        rows = zip(
            self.hardest.tolist(),
            self.hardest_norms.tolist(),
            self.hardest_losses.tolist(),
            self.hardest_answers,
            guesses,
            strict=True,
        )
        return [
            {"row": row, "norm": norm, "loss": loss, "answer": answer, "guess": guess}
            for row, norm, loss, answer, guess in rows
        ]

    def figures(self) -> list[Figure]:
        """Return bars and table by layer, the way through the depth, and what is known of single samples."""
        from dltui.results.gradients_figures import pictures

        return pictures(self)
