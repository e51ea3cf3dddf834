"""Spectra of small networks: outliers and classes, batch norm, and what a slice hides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Figure, Steps, number
from dltui.lab import Frame, Number, Slider, exhibit, near
from dltui.lab.written import written
from dltui.results.spectrum import Spectrum
from dltui.results.training import TrainingHistory
from dltui.training import Optimizer, Recipe, Schedule

if TYPE_CHECKING:
    from torch import nn

ALL = 2000  # more samples than there are
WIDTH = 16  # hidden units


@lru_cache(maxsize=16)
def _net(classes: int, epochs: int, seed: int) -> tuple[nn.Module, TrainingHistory]:
    """Return a small ReLU network that tells some digits apart, and how it learned to."""
    from dltui.lab.geometry.nets import digits, perceptron, taught

    recipe = Recipe(
        epochs=epochs,
        batch_size=64,
        optimizer=Optimizer(name="sgd", lr=0.02),
        schedule=Schedule(name="constant"),
    )
    return taught(partial(perceptron, WIDTH, classes), digits(ALL, classes), recipe, seed)


@exhibit(
    "hessian-spectrum",
    family="geometry",
    covers=("000a:hessian-spectrum",),
    kin={
        "dltui lab run curvature-compass": "what an eigenvalue says of a direction",
        "dltui lab run eigen-hunt": "how the ends of a spectrum are found",
        "dltui lab run hidden-curvature": "negative eigenvalues that no slice shows",
        "dltui lab run normed-landscape": "the same with batch norm",
        "dltui lab run edge-of-stability": "what sets the largest one while a network is trained",
        "dltui hessian MODEL": "the spectrum of your own model, with error bounds",
    },
    sources=(
        "Sagun et al. 2017, arXiv:1706.04454",
        "Papyan 2018, arXiv:1811.07062",
        "Ghorbani et al. 2019, arXiv:1901.10159",
    ),
)
def hessian_spectrum(
    classes: Annotated[int, Slider(3, 10, help="how many digits are told apart")] = 10,
    k: Annotated[
        int, Slider(3, 20, help="eigenvalues sought at the top, and a quarter as many at the bottom")
    ] = 14,
    epochs: Annotated[int, Slider(1, 20, help="passes over the data before the look")] = 8,
    probes: Annotated[int, Slider(2, 12, help="random vectors behind density and trace")] = 3,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and probes")] = 0,
) -> Iterator[Frame]:
    """The eigenvalues of the Hessian of a small network: a bulk around 0, and a few that stand out.

    Try: --classes 5 leaves four large eigenvalues, --classes 10 nine; --epochs 1 comes before they part from the bulk.
    Notice: the widest gap lies after as many eigenvalues as there are classes, less one; the bulk reaches below 0, so
    that not even a trained network stands at a minimum in the strict sense.

    A network of some 1,200 parameters on the digits, all of its matrix known by products alone: Lanczos for both ends,
    quadrature for the density, probes for the trace.

    Where the rule fails: before the network tells the classes apart, and long after, when single directions among
    those of the classes have gone flat; tanh networks have smaller gaps than ReLU ones.
    """
    from dltui.instruments.curvature import spectrum
    from dltui.lab.geometry.nets import bound, course, digits

    data = digits(ALL, classes)
    net, history = _net(classes, epochs, seed)
    yield Frame(
        figures=(course(history, f"the network of {classes} digits", "the spectrum comes"),),
        numbers={"classes": classes, "loss": float(history.train_loss[-1])},
        caption="trained; the spectrum comes next",
        total=2,
    )
    objective = bound(net, data, title=f"{classes} digits after {epochs} epochs")
    found = spectrum(
        objective,
        top=k,
        bottom=max(2, k // 4),
        probes=probes,
        trace_probes=25,
        seed=seed,
        exact=False,
    )
    yield Frame(
        figures=_figures(found, classes),
        numbers=_numbers(found, classes),
        caption=_caption(found, classes),
        total=2,
    )


def _figures(found: Spectrum, classes: int) -> tuple[Figure, ...]:
    """Return the pictures, the density first."""
    return (*found.figures(), _worked(found, classes))


def _worked(found: Spectrum, classes: int) -> Steps:
    """Return trace and gap with the numbers put in."""
    top, gap, trace = found.top_eigenvalues, found.gap(), found.trace
    lines = [(f"tr H = Σλᵢ ≈ {number(trace)} ± {number(found.trace_stderr, 2)}", "by random vectors")]
    if gap is not None and gap.outliers < len(top):
        k = gap.outliers
        sum_ = float(top[:k].sum())
        lines += [
            (f"λ_{k}/λ_{k + 1} = {number(float(top[k - 1]))}/{number(float(top[k]))}", "the widest gap"),
            (
                f"{k} outliers, {classes} classes less one = {classes - 1}",
                "as expected" if k == classes - 1 else "",
            ),
            (f"λ₁ + … + λ_{k} = {number(sum_)}", f"{sum_ / trace:.0%} of the trace"),
        ]
    return written(*lines)


def _caption(found: Spectrum, classes: int) -> str:
    """Return how many eigenvalues stand out."""
    gap = found.gap()
    outliers = "no" if gap is None else str(gap.outliers)
    return f"{outliers} outliers for {classes} classes; trace {found.trace:.3g} ± {found.trace_stderr:.2g}"


def _numbers(found: Spectrum, classes: int) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    gap = found.gap()
    return {
        "classes": classes,
        "outliers": gap.outliers if gap else None,
        "gap": gap.ratio if gap else None,
        "top": found.top_eigenvalues.tolist(),
        "residuals": found.top_residuals.tolist(),
        "bottom": found.bottom_eigenvalues.tolist(),
        "trace": found.trace,
        "trace_stderr": found.trace_stderr,
        "loss": found.loss,
    }


@lru_cache(maxsize=2)
def _every(classes: int) -> np.ndarray:
    """Return all eigenvalues of the default network, from the matrix itself."""
    from dltui.instruments.curvature import spectrum
    from dltui.lab.geometry.nets import bound, digits

    return spectrum(bound(_net(classes, 8, 0)[0], digits(ALL, classes)).doubled(), exact=True).nodes


@hessian_spectrum.check
def as_many_outliers_as_classes_less_one() -> None:
    """Sagun 2017, Papyan 2018: K − 1 outliers for K classes, here for K = 3, 5, 7 and 10."""
    for classes in (3, 5, 7, 10):
        frame = hessian_spectrum.last(classes=classes, k=classes + 4)
        near(f"outliers of {classes} classes", frame.numbers["outliers"], classes - 1)


@hessian_spectrum.check
def ends_are_those_of_the_matrix() -> None:
    """Lanczos extremes equal a full eigvalsh of the 1,091 × 1,091 matrix, within their residuals."""
    frame = hessian_spectrum.last(classes=3, k=7)
    every = _every(3)
    near("top", frame.numbers["top"], every[::-1][:7], 1e-4)
    near("bottom", frame.numbers["bottom"], every[:2], 1e-4)


@hessian_spectrum.check
def trace_is_the_sum() -> None:
    """The estimate of the trace is within three standard errors of Σλ (notes 000a)."""
    frame = hessian_spectrum.last(classes=3, k=7)
    away = abs(float(frame.numbers["trace"]) - _every(3).sum())  # type: ignore[arg-type]
    assert away < 3 * float(frame.numbers["trace_stderr"]), away  # type: ignore[arg-type]
