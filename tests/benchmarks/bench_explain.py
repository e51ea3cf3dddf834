"""Our attributions beside captum's, as ratios: the same question, the same number of inputs run.

    python tests/benchmarks/bench_explain.py [--rounds 7]

Both take turns, round after round, in one process with one thread; a figure is the median over the rounds of how much
longer captum took. Occlusion and Shapley values of captum are given the same number of inputs at once as ours runs.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import captum.attr as ca
import numpy as np
import torch
from table import Goal, head, row, times
from torch import nn

from dltui.instruments.attribution import gradients, perturbed
from dltui.instruments.attribution.question import Question
from dltui.instruments.attribution.superpixels import grid
from dltui.models import build

Way = Callable[[], object]
GOAL = Goal(0.9, 1.0)
SIDE, STEPS, TRIES = 32, 50, 254


def pairs(module: nn.Module) -> dict[str, tuple[Way, Way]]:
    """Return for each method ours, and captum's."""
    x = torch.rand(1, 3, SIDE, SIDE)
    asked = Question(module, x, torch.zeros_like(x), 3, "image")
    labels = grid(SIDE, SIDE, 8)
    mask = torch.from_numpy(labels)[None, None]
    at_once = asked.block
    integrated, covered = ca.IntegratedGradients(module), ca.Occlusion(module)
    noisy, shap = ca.NoiseTunnel(ca.Saliency(module)), ca.KernelShap(module)
    zero, where = torch.zeros_like(x), (3, 8, 8)
    return {
        "integrated gradients, 50 steps": (
            lambda: gradients.integrated_gradients(asked, steps=STEPS),
            lambda: integrated.attribute(x, zero, 3, n_steps=STEPS, internal_batch_size=at_once),
        ),
        "SmoothGrad, 50 copies": (
            lambda: gradients.smoothgrad(asked, samples=STEPS),
            lambda: noisy.attribute(x, nt_samples=STEPS, nt_samples_batch_size=at_once, target=3, abs=False),
        ),
        "occlusion, 8 × 8, stride 2": (
            lambda: perturbed.occlusion(asked, patch=(8, 8), stride=(2, 2)),
            lambda: covered.attribute(
                x, where, strides=(3, 2, 2), baselines=0, target=3, perturbations_per_eval=at_once
            ),
        ),
        f"kernel SHAP, {TRIES} coalitions": (
            lambda: perturbed.kernel_shap(asked, labels, samples=TRIES),
            lambda: shap.attribute(
                x, zero, 3, feature_mask=mask, n_samples=TRIES, perturbations_per_eval=at_once
            ),
        ),
    }


def measured(ours: Way, theirs: Way, rounds: int) -> float:
    """Return how many times longer theirs takes."""
    ratios = []
    for _ in range(rounds):
        spent = []
        for way in (ours, theirs):
            way()
            began = time.perf_counter()
            way()
            spent.append(time.perf_counter() - began)
        ratios.append(spent[1] / spent[0])
    return statistics.median(ratios)


def main() -> None:
    """Print one table a model."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    np.random.seed(0)
    for name in ("lenet", "resnet8"):
        torch.manual_seed(0)
        head(f"attributions of {name} on 3 × {SIDE} × {SIDE}")
        for number, (method, (ours, theirs)) in enumerate(
            pairs(build(name, (3, SIDE, SIDE), 10).eval()).items(), 1
        ):
            value = measured(ours, theirs, rounds)
            row(str(number), method, "captum 0.9", times(value), GOAL, value)


if __name__ == "__main__":
    main()
