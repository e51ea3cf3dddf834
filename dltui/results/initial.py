"""Signal and gradient by layer at the start of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Array, Bars, Figure, Lines, Series, Table, number
from dltui.results.base import Result
from dltui.results.depth import Depth, factors, judge, plain

KEYS = ("mean", "rms", "activation_mean", "activation_rms", "gradient_norm", "gradient_rms")


@dataclass(frozen=True, eq=False, kw_only=True)
class InitialSignal(Result):
    """How large signal and gradient are in every layer, for several draws of fresh weights.

    Attributes:
        scheme: How weights were drawn, as it is spelled.
        seeds: Seed of each draw, s of them.
        samples: Samples that went through.
        batch_norm: Whether batch norm took part, by the statistics of its batch.
        loss: Loss of each draw, shape (s,).
        modules: Layers in the order in which they are used.
        signal: For each draw and layer mean and root mean square of its output, the same after its activation
            function, root mean square over the samples of ‖δ‖ and root mean square of δ's numbers, shape (s, 6, l).
        names: Parameter tensors.
        grad_norms: ‖∇L‖ of each, shape (s, t).
        theory: Second moments that theory expects of z, of what follows and of δ, shape (s, 3, l); None where the model
            is no chain of fully connected layers.
        dead: Share of dead units after each layer by draw; None where none can die.
        complete: Whether all draws were made.
    """

    schema: ClassVar[str] = "initial/1"

    scheme: str
    seeds: list[int]
    samples: int
    batch_norm: bool = False
    loss: Array
    modules: list[str]
    signal: Array
    names: list[str]
    grad_norms: Array
    theory: Array | None = None
    dead: list[list[float | None]]
    complete: bool = True

    def joined(self, other: InitialSignal) -> InitialSignal:
        """Return both as draws of one result."""
        theory = (
            None
            if self.theory is None or other.theory is None
            else np.concatenate([self.theory, other.theory])
        )
        return replace(
            self,
            seeds=[*self.seeds, *other.seeds],
            loss=np.concatenate([self.loss, other.loss]),
            signal=np.concatenate([self.signal, other.signal]),
            grad_norms=np.concatenate([self.grad_norms, other.grad_norms]),
            dead=[*self.dead, *other.dead],
            theory=theory,
        )

    def second(self, row: int) -> tuple[Array, Array]:
        """Return the mean over the draws of a second moment by layer, and its standard error, shape (l,) each.

        Args:
            row: Which row of ``signal`` is squared.

        Returns:
            Both; the error is NaN for a single draw.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            squares = self.signal[:, row] ** 2
            count = len(squares)
            error = squares.std(0, ddof=1) / count**0.5 if count > 1 else np.full(squares.shape[1], np.nan)
            return squares.mean(0), error

    @property
    def depth(self) -> Depth:
        """Whether gradients vanish or explode, the draws taken together."""
        return judge(self.modules, np.sqrt(self.second(4)[0]))

    @property
    def forward(self) -> str:
        """What becomes of the signal on its way forward, in words."""
        rms = np.sqrt(self.second(1)[0])
        bad = np.flatnonzero(~np.isfinite(rms))
        if bad.size:
            return f"the signal is not finite from {self.modules[bad[0]]} on; try --double"
        if len(rms) < 2 or not rms[0]:
            return f"the signal has root mean square {number(float(rms[-1]), 3)}" if len(rms) else "no layer"
        mean = (rms[-1] / rms[0]) ** (1 / (len(rms) - 1))
        return (
            f"the signal goes from {number(float(rms[0]), 3)} to {number(float(rms[-1]), 3)}, × "
            f"{number(float(mean), 3)} a layer"
        )

    def summary(self) -> dict[str, Any]:
        """Return the contract: the verdict, and every layer with its errors and what theory expects."""
        return {
            "scheme": self.scheme,
            "seeds": self.seeds,
            "samples": self.samples,
            "complete": self.complete,
            "batch_norm": "batch statistics" if self.batch_norm else None,
            "loss": plain(self.loss.mean()),
            "loss_error": self._error(self.loss),
            "depth": self.depth.summary(),
            "forward": self.forward,
            "theory": self.theory is not None,
            "layers": [self._layer(place) for place in range(len(self.modules))],
            "tensors": [
                {"name": name, "grad_norm": plain(mean), "grad_norm_error": plain(error)}
                for name, mean, error in zip(self.names, *self._norms(), strict=True)
            ],
        }

    def _error(self, draws: Array) -> float | None:
        return plain(draws.std(ddof=1) / len(draws) ** 0.5) if len(draws) > 1 else None

    def _norms(self) -> tuple[Array, Array]:
        """Return mean and standard error of the gradient norm of each tensor."""
        count = len(self.grad_norms)
        blank = np.full(self.grad_norms.shape[1], np.nan)
        error = self.grad_norms.std(0, ddof=1) / count**0.5 if count > 1 else blank
        return self.grad_norms.mean(0), error

    def _layer(self, place: int) -> dict[str, Any]:
        """Return second moments of one layer, with their errors and what theory expects."""
        found: dict[str, Any] = {"name": self.modules[place]}
        for name, row, expected in (("signal", 1, 0), ("activation", 3, 1), ("gradient", 5, 2)):
            mean, error = self.second(row)
            found[f"{name}_square"] = plain(mean[place])
            found[f"{name}_square_error"] = plain(error[place])
            found[f"{name}_square_theory"] = (
                None if self.theory is None else plain(self.theory[:, expected, place].mean())
            )
        found["mean"] = plain(self.signal[:, 0, place].mean())
        found["gradient_norm"] = plain(np.sqrt(self.second(4)[0][place]))
        found["factor"] = plain(factors(np.sqrt(self.second(4)[0]))[place])
        found["dead"] = self._dead()[place]
        return found

    def _dead(self) -> list[float | None]:
        """Return the mean share of dead units after each layer."""
        by_layer = zip(*self.dead, strict=True)
        return [
            None if None in shares else float(np.mean([share for share in shares if share is not None]))
            for shares in by_layer
        ]

    def figures(self) -> list[Figure]:
        """Return signal and gradient by layer, as curves and as a table, and the gradient norms of the tensors."""
        return list(self._figures())

    def _figures(self) -> Iterator[Figure]:
        draws = f"mean over {len(self.seeds)} draws, {self.samples} samples"
        draws += "; batch norm by batch statistics" if self.batch_norm else ""
        curves = [self._curve("z", 1, 0)]
        if np.isfinite(self.signal[:, 3]).any():
            curves.append(self._curve("after the activation", 3, 1))
        yield Lines(
            title=f"Signal by layer · {self.title}",
            caption=f"{self.forward}; {draws}; band: standard error",
            series=(*curves, *self._expected("theory: z", 0)),
            x_label="layer",
            y_label="root mean square",
            y_scale="log",
        )
        yield Lines(
            title=f"Gradient by layer · {self.title}",
            caption=f"{self.depth.sentence}; {draws}",
            series=(self._curve("δ", 5, 2), *self._expected("theory: δ", 2)),
            x_label="layer",
            y_label="root mean square",
            y_scale="log",
        )
        yield self._table()
        mean, error = self._norms()
        yield Bars(
            title=f"Gradient norm by tensor · {self.title}",
            caption=f"loss {number(float(self.loss.mean()))}; {draws}; bars of error: standard error",
            labels=tuple(self.names),
            values=mean,
            errors=None if np.isnan(error).any() else error,
            value_label="‖∇L‖",
            scale="log",
        )

    def _curve(self, name: str, row: int, tint: int) -> Series:
        """Return the root of a second moment by layer, with a band of one standard error."""
        mean, error = self.second(row)
        places = np.arange(1, len(mean) + 1, dtype=float)
        low, high = (np.sqrt(np.maximum(mean + sign * error, 0)) for sign in (-1, 1))
        known = not np.isnan(error).any()
        return Series(
            name=name,
            x=places,
            y=_positive(np.sqrt(mean)),
            low=_positive(low) if known else None,
            high=_positive(high) if known else None,
            tint=tint,
        )

    def _expected(self, name: str, row: int) -> list[Series]:
        """Return what theory expects, where it expects anything."""
        if self.theory is None:
            return []
        mean = np.sqrt(self.theory[:, row].mean(0))
        places = np.arange(1, len(mean) + 1, dtype=float)
        return [Series(name=name, x=places, y=_positive(mean), marks=True, tint=3)]

    def _table(self) -> Table:
        """Return second moments by layer with errors and theory."""
        dead = ["–" if share is None else f"{share:.1%}" for share in self._dead()]
        columns = ["layer", "E z²", "E δ²", "‖δ‖ factor", "dead"]
        parts: list[Sequence[str | float | None]] = [
            self.modules,
            _with_errors(*self.second(1)),
            _with_errors(*self.second(5)),
            [plain(each) for each in factors(np.sqrt(self.second(4)[0]))],
            dead,
        ]
        note = "theory is known for chains of fully connected layers only"
        if self.theory is not None:
            note = "theory takes the gradient at the last layer to be independent of the weights"
            for place, row in ((2, 0), (4, 2)):
                columns.insert(place, "theory")
                parts.insert(place, self.theory[:, row].mean(0).tolist())
        return Table(
            title=f"Layer by layer · {self.title}",
            caption=(
                "mean squares of what a layer gives and of its gradient, "
                f"over {len(self.seeds)} draws ± standard error; {note}"
            ),
            columns=tuple(columns),
            rows=tuple(zip(*parts, strict=True)),
        )


def _with_errors(means: Array, errors: Array) -> list[str | float]:
    """Return numbers with their errors."""
    return [
        f"{number(mean, 4)} ± {number(error, 2)}" if np.isfinite(error) else mean
        for mean, error in zip(means.tolist(), errors.tolist(), strict=True)
    ]


def _positive(values: Array) -> Array:
    """Return values for a logarithmic axis: NaN where they aren't above 0."""
    return np.where(values > 0, values, np.nan)
