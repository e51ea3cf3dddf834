"""What is broken on purpose in the exhibits on geometry: a line each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.lab.breaking import Break, returning, times


def _swapped(bend: Any) -> Any:
    return replace(bend, v_low=bend.v_high, v_high=bend.v_low)


def _halved(norm: Any) -> Any:
    norm.weight.data.mul_(0.5)
    return norm


BREAKS = (
    Break("two-weight-saddle", "geometry.saddles:gradient", times(0.5), "derivatives-by-autograd"),
    Break("two-weight-saddle", "geometry.saddles:gradient", times(-1), "derivatives-by-differences"),
    Break("two-weight-saddle", "geometry.saddles:hessian", lambda right: lambda w: np.diag(np.diag(right(w))), "derivatives-by-autograd"),
    Break("two-weight-saddle", "geometry.saddles:hessian", lambda right: lambda w: right(w[::-1]), "derivatives-by-autograd"),
    Break("two-weight-saddle", "geometry.saddles:loss", lambda right: lambda a, b: 1 - np.multiply(a, b), "derivatives-by-differences"),
    Break("two-weight-saddle", "geometry.saddles:descend", lambda right: lambda s, lr, *rest: right(s, lr / 2, *rest), "descent-like-torch"),
    Break("two-weight-saddle", "geometry.saddle_figures:curvature", lambda right: lambda w: _swapped(right(w)), "escape-from-the-origin"),
    Break("two-weight-saddle", "geometry.saddle_figures:expansion", lambda right: lambda slope, bend, far: far * slope + far**2 * bend, "escape-from-the-origin"),
    Break("two-weight-saddle", "geometry.saddle_figures:expansion", lambda right: lambda slope, bend, far: right(slope, -bend, far), "escape-from-the-origin"),
    Break("two-weight-saddle", "geometry.saddle_figures:change", lambda right: lambda w, v, far: right(w, v, far) + 1, "escape-from-the-origin"),
    Break("flat-or-sharp", "geometry.basins:slope", times(1.1), "minima-and-curvatures"),
    Break("normed-landscape", "geometry.norms:_net", lambda right: lambda *given, norm: right(*given, norm=False), "trains-where-the-plain-one-does-not"),
    Break("landscape-slice", "geometry.slices:_share", lambda right: lambda found: 1 - right(found), "shallow-twins-look-alike"),
    Break("hessian-spectrum", "dltui.instruments.curvature:spectrum", lambda right: lambda one, seed=0, **more: right(one, seed=seed, **more | {"trace_probes": 2, "top": 3}), "ends-are-those-of-the-matrix"),
    Break("edge-of-stability", "geometry.stability:half", times(0.25), "sharpness-stays-at-the-edge"),
    Break("rescaled-twins", "geometry.twins:rescaled", lambda right: lambda net, factor: net, "curvature-depends-on-the-scale"),
    Break("hidden-curvature", "dltui.instruments.curvature.pairs:eigenpairs", lambda right: lambda one, which, **more: right(one, tuple(map(abs, range(1, len(which) + 1))), **more), "a-bowl-above-a-saddle"),
    Break("mode-connectivity", "geometry.ways:_grown", lambda right: lambda epochs, stem, seed: right(epochs, seed, seed), "siblings-have-no-barrier-and-strangers-do"),
    Break("critical-points", "geometry.critical:kind_of", lambda right: lambda values, flat=0.0: "minimum" if min(values) > 0 else "saddle", "mixed-signs-stay-a-saddle"),
    Break("taylor-overlay", "geometry.taylor:expanded", lambda right: lambda ground, at, steps: right(ground, at, steps * [1.0, -1.0]), "step-of-the-notes"),
    Break("curvature-compass", "geometry.compass:curvature_along", times(-1), "second-difference-of-the-loss"),
    Break("saddle-count", "geometry.random_matrices:share", lambda right: lambda values, shift=0.0: float((values > -shift).mean()), "shares-that-are-exact"),
    Break("stuck-points", "geometry.stuck:kind_of", returning("minimum"), "steps-from-three-starts"),
    Break("eigen-hunt", "geometry.hunt:hunt", lambda right: lambda name, shift, *rest: right(name, 0.0, *rest), "one-step-with-the-shift"),
    Break("gradient-thermometer", "geometry.thermometer:ratio", returning(1.0), "ratios-of-the-notes"),
    Break("blow-up-watch", "geometry.watchdog:flag", returning(""), "lr-times-a-hundred-is-flagged"),
    Break("degradation", "geometry.stacks:_identity", lambda right: lambda: _halved(right()), "capacity-is-there"),
    Break("restart-spread", "geometry.restarts:best_of", returning(1.0), "more-steps-close-the-gap"),
    Break("ill-conditioned-stall", "geometry.stall:Gradient", lambda right: lambda lr: right(lr=lr / 2), "shrinks-as-the-theory-says"),
    Break("feature-scale-valley", "geometry.scales:houses", lambda right: lambda scale=1.0: right(scale) - np.median(right(scale), 0), "condition-numbers-of-the-notes"),
    Break("chain-product", "geometry.chain:chain", lambda right: lambda depth, *rest, **more: right(max(depth - 1, 1), *rest, **more), "sigmoid-of-the-notes"),
    Break("product-bound", "geometry.products:norm", lambda right: lambda matrix: float(np.linalg.norm(matrix)), "norm-like-torch"),
    Break("skip-highway", "geometry.highways:chain", lambda right: lambda *given, skip=False: right(*given), "chains-of-the-notes"),
    Break("identity-block", "geometry.copying:begun", lambda right: lambda start, hidden, seed: right("he", hidden, seed), "exact-at-step-zero"),
)  # fmt: skip
