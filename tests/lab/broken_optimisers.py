"""What is broken on purpose in the exhibits on optimisers: a line each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dltui.descent.adam import Adam
from dltui.descent.adaptive import AdaGrad
from dltui.descent.curved import SaddleFree
from dltui.descent.plain import Gradient, Momentum
from tests.lab.breaking import Break, returning, times

BREAKS = (
    Break("gd-descent", "optimisers.descents:Gradient", lambda right: lambda lr: right(lr=lr / 2), "notes-on-the-parabola"),
    Break("gd-descent", "optimisers.descents:Gradient", lambda right: lambda lr: right(lr=-lr), "path-like-torch"),
    Break("gd-descent", "optimisers.net:Net.run", lambda right: lambda self, *given: (right(self, *given)[0], 2 * right(self, *given)[1]), "network-like-torch"),
    Break("gd-descent", "dltui.descent.surfaces:SURFACES[saddle]", lambda right: lambda: replace(right(), gradient=lambda w: -right().gradient(w)), "gradients-by-differences-and-autograd"),
    Break("lr-stability", "optimisers.rates:regime", lambda right: lambda lr, kappa: right(lr, kappa / 2), "limit-of-the-notes"),
    Break("lr-stability", "optimisers.rates:needed", lambda right: lambda *given: (right(*given) or 0) + 1, "steps-of-a-tiny-rate"),
    Break("lr-stability", "optimisers.rates:regime", returning("converges"), "limit-by-torch"),
    Break("lr-stability", "optimisers.rates:_turn", times(3), "range-test-turns-at-the-limit"),
    Break("ravine-zigzag", "optimisers.ravines:flips", lambda right: lambda points: right(points[:, ::-1]), "flips-of-the-notes"),
    Break("ravine-zigzag", "optimisers.ravines:single", lambda right: lambda kappa: (1 / kappa, 1 - 1 / kappa), "best-single-rate"),
    Break("ravine-zigzag", "optimisers.ravines:ravine", lambda right: lambda kappa: right(2 * kappa), "first-steps-of-the-notes"),
    Break("momentum-ball", "optimisers.inertia:pushed", lambda right: lambda share, *given, **more: right(share / 2, *given, **more), "moves-under-a-constant-pull"),
    Break("momentum-ball", "optimisers.inertia:FORMS[classic]", lambda right: lambda lr, momentum: right(lr=lr, momentum=momentum / 2), "steps-in-the-ravine"),
    Break("momentum-ball", "optimisers.inertia:FORMS[nesterov]", lambda right: Momentum, "same-as-torch"),
    Break("momentum-ball", "optimisers.inertia:FORMS[averaged]", lambda right: Momentum, "averaged-form"),
    Break("momentum-ball", "optimisers.inertia:moved", lambda right: lambda *given: right(*given)[::-1], "arrows-add-up"),
    Break("moving-average", "optimisers.averages:expanded", lambda right: lambda g, *rest: np.roll(right(g, *rest), 1), "sum-is-the-recursion"),
    Break("moving-average", "optimisers.averages:averaged", lambda right: lambda series, beta: right(series, beta**2), "mean-is-a-convolution"),
    Break("moving-average", "optimisers.averages:weights", times(1.1), "window-of-the-notes"),
    Break("adaptive-steps", "optimisers.adaptive:AdaGrad", lambda right: lambda lr: right(lr=lr, eps=1.0), "same-as-torch"),
    Break("adaptive-steps", "optimisers.adaptive:rules", lambda right: lambda lr, alpha: right(lr, alpha) | {"RMSProp": AdaGrad(lr=lr)}, "sizes-of-the-notes"),
    Break("adaptive-steps", "optimisers.adaptive:RmsProp", lambda right: lambda warm=False, **more: right(**more), "sizes-of-the-notes"),
    Break("adam-trace", "optimisers.adam_trace:Adam", lambda right: lambda corrected=True, **more: right(corrected=not corrected, **more), "trace-of-the-notes"),
    Break("adam-trace", "optimisers.adam_trace:factors", times(0.5), "factors-of-the-notes"),
    Break("adam-trace", "optimisers.adam_trace:Adam", lambda right: lambda lr=0.001, **more: right(lr=lr, **more | {"eps": 1e-3}), "first-step-is-alpha"),
    Break("adam-trace", "optimisers.adam_trace:lengths", times(1.01), "steps-without-the-correction"),
    Break("adam-trace", "optimisers.adam_trace:Adam", lambda right: lambda **more: right(beta2=0.99, **more), "same-as-torch"),
    Break("optimiser-race", "optimisers.racing:LANES[Adam]", lambda right: lambda lr: right(lr=lr, corrected=False), "escape-of-the-notes"),
    Break("optimiser-race", "optimisers.racing:LANES[RMSProp]", lambda right: lambda lr: right(lr=lr, alpha=0.9), "each-is-its-twin-in-torch"),
    Break("optimiser-race", "optimisers.racing:LANES[AdaGrad]", lambda right: Gradient, "scale-matters-little-to-the-adaptive"),
    Break("optimiser-race", "optimisers.racing:Adam", lambda right: lambda **more: right(**more | {"corrected": True}), "adam-becomes-rmsprop"),
    Break("lesser-known", "optimisers.lesser:AdaDelta", lambda right: lambda: right(rho=0.95), "same-as-torch"),
    Break("lesser-known", "dltui.descent.adam:RAdam.rectified", lambda right: lambda self, t: (right(self, t)[0], 1.0), "rectifier-of-the-paper"),
    Break("lesser-known", "optimisers.lesser:Ftrl", lambda right: lambda l1=0.0, **more: right(l1=2 * l1, **more), "zero-exactly-in-the-dead-zone"),
    Break("lesser-known", "optimisers.lesser:Ftrl", lambda right: lambda **more: right(l2=0.1, **more), "ftrl-without-its-price-is-adagrad"),
    Break("layerwise-rate", "optimisers.layerwise:lars", lambda right: lambda lr, *given: Momentum(lr=lr), "scaling-a-layer-leaves-its-step"),
    Break("layerwise-rate", "optimisers.layerwise:lars", lambda right: lambda lr, trust, decay: right(lr, trust, 0.0), "rate-by-the-formula"),
    Break("layerwise-rate", "optimisers.layerwise:lars", lambda right: lambda lr, trust, decay: right(lr, 2 * trust, decay), "every-layer-goes-its-share"),
    Break("layerwise-rate", "optimisers.layerwise:lars", lambda right: lambda lr, *given: Adam(lr=10 * lr), "large-batches"),
    Break("batch-race", "optimisers.batches:gradients", lambda right: lambda w, rows=None: right(w, rows) / 2, "steps-like-torch"),
    Break("batch-counter", "optimisers.counting:Counter.last", lambda right: property(lambda self: self.batch), "counts-of-the-notes"),
    Break("noise-scale", "optimisers.noise:expected", lambda right: lambda spread, m, *rest: right(spread, 1, *rest) / m**0.5, "every-batch-there-is"),
    Break("noise-escape", "optimisers.escape:walk", lambda right: lambda *given, noise=0.0, seed=0: right(*given), "off-the-saddle"),
    Break("noise-escape", "optimisers.escape:anneal", lambda right: lambda surface, cold, *rest, **more: right(surface, cold + 1, *rest, **more), "cold-only-descends"),
    Break("newton-root", "optimisers.roots:search", lambda right: lambda curve, *rest: right(replace(curve, slope=lambda x: 2 * curve.slope(x)), *rest), "root-of-two"),
    Break("newton-step", "optimisers.newton:Newton", lambda right: SaddleFree, "into-the-saddle"),
    Break("newton-step", "optimisers.newton:Lbfgs", lambda right: lambda: right(history=1), "lbfgs-like-torch"),
    Break("warm-up", "optimisers.warm:inverse_root", lambda right: lambda t, d_model, warmup: right(t, 1, warmup), "transformer-of-the-paper"),
    Break("lr-schedules", "optimisers.planned_rates:cosine", lambda right: lambda t, eta, total, *rest: right(t, eta, 2 * total, *rest), "numbers-of-the-notes"),
    Break("batch-race", "optimisers.batches:order", lambda right: lambda batch, *rest: [right(batch, *rest)[0]] * len(right(batch, *rest)), "mean-of-all-is-the-full-gradient"),
    Break("batch-counter", "optimisers.counting:shuffled", lambda right: lambda n, *rest: [row // 2 for row in right(n, *rest)], "every-sample-once"),
    Break("noise-scale", "optimisers.noise:factor", returning(1.0), "every-batch-there-is"),
    Break("warm-up", "optimisers.warm:warm_linear", lambda right: lambda t, *rest: right(np.asarray(t) + 1, *rest), "linear-of-the-notes"),
    Break("lr-schedules", "optimisers.planned_rates:step_decay", lambda right: lambda t, *rest: right(np.asarray(t) - 1, *rest), "numbers-of-the-notes"),
    Break("lr-schedules", "optimisers.planned_rates:polynomial", lambda right: lambda t, eta, total, power, low: right(t, eta, total, power), "ends-where-it-is-told"),
    Break("warm-up", "optimisers.warm:warm_cosine", lambda right: lambda t, rate, w, total, low: right(t, rate, w, total), "cosine-like-torch"),
    Break("clip-cliff", "optimisers.clipping:clipped", lambda right: lambda g, threshold, **_: np.clip(g, -threshold, threshold), "three-four-five"),
)  # fmt: skip
