"""Feature inversion: a picture is made that a layer can't tell from the one it was shown (Mahendran and Vedaldi 2015).

    minimise  ‖Φ(x) − Φ(x₀)‖² / ‖Φ(x₀)‖²  +  λ_α/N Σ |2p − 1|^α  +  λ_TV/N Σ ((∂ₓp)² + (∂ᵧp)²)^(β/2)

over the N pixels p, with α = 6 and β = 2 as in section 3 of arXiv:1412.0035. What the picture has in common with the
first one is what the layer has kept; what is different there, the layer doesn't see. All layers are inverted at once,
a picture of the batch for each.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dltui.data.inputs import Given
from dltui.data.takes import Takes
from dltui.errors import DltuiError, UsageError
from dltui.instruments.dream.canvas import seen, spread
from dltui.instruments.dream.climb import APART, READS
from dltui.instruments.dream.priors import norm_power, variation
from dltui.instruments.dream.same import fingerprint
from dltui.instruments.features.layers import capture
from dltui.instruments.probe.stations import stations
from dltui.objective.undisturbed import undisturbed
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.inversion import Inversion

ALPHA, BETA = 6.0, 2.0
LOOKS = 40
MOST = 8  # layers that are inverted where nobody names any
START = 0.05  # spread of the first noise around grey


@dataclass(frozen=True)
class Hold:
    """How the search goes.

    Attributes:
        alpha: Weight of the α-norm, λ_α.
        tv: Weight of the total variation, λ_TV.
        steps: Steps of Adam.
        rate: Their size at the start; it falls to nothing as a cosine.
        seed: Seed of the noise.
    """

    alpha: float = 1e-3
    tv: float = 1e-2
    steps: int = 400
    rate: float = 0.05
    seed: int = 0


def invert(
    module: nn.Module,
    takes: Takes,
    given: Given,
    layers: Sequence[str] = (),
    hold: Hold | None = None,
    *,
    title: str = "",
    device: torch.device | None = None,
    report: Report = silent,
) -> Inversion:
    """Return the pictures that layers can't tell from an input.

    Args:
        module: The network, which is left as found.
        takes: What it takes.
        given: The input.
        layers: Names; those on the way through the network, eight at most, where there are none.
        hold: How the search goes.
        title: What to call the network.
        device: Where to compute.
        report: Called as the pictures change.

    Returns:
        A picture for each layer, with what is left of the input in it.

    Raises:
        UsageError: If the network reads tokens, or has no such layer.
        DltuiError: If a layer gives nothing but 0 for the input.
    """
    if takes.kind == "tokens":
        raise UsageError(READS.format(title=title or "the model"))
    hold = hold or Hold()
    place = device or torch.device("cpu")
    with undisturbed(module):
        module.to(place).eval().requires_grad_(requires_grad=False)
        before = fingerprint(module)
        x = given.tensor.to(place)
        names = list(layers) or stations(module, x, most=MOST)
        search = _Search(module, takes, x, names, hold, place)
        with torch.enable_grad():
            search.go(report, f"{title} on {given.title}")
        same = fingerprint(module) == before
        return search.result(f"{title} on {given.title}", complete=True, weights_unchanged=same)


class _Search:
    """One search: a picture for each layer."""

    def __init__(
        self, module: nn.Module, takes: Takes, x: Tensor, names: list[str], hold: Hold, device: torch.device
    ) -> None:
        self._module, self._names, self._hold = module, names, hold
        self._image = takes.kind == "image"
        self._mean, self._std = spread(takes, device) if self._image else (torch.zeros(()), torch.ones(()))
        self._first = x * self._std + self._mean
        with torch.no_grad():
            self._wanted = capture(module, names, x)
        for name, wanted in self._wanted.items():
            if not float(wanted.norm()):
                raise DltuiError(
                    f"{name} gives nothing but 0 for this input, which is no hint at it: try another layer"
                )
        random = torch.Generator().manual_seed(hold.seed)
        noise = torch.randn(len(names), *x.shape[1:], generator=random).to(device)
        grey = 0.5 if self._image else 0.0
        self._p = (grey + START * noise).requires_grad_()
        self._told: list[tuple[int, Tensor, Tensor]] = []

    def go(self, report: Report, title: str) -> None:
        """Search to the end."""
        hold = self._hold
        optimizer = torch.optim.Adam([self._p], lr=hold.rate)
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, hold.steps)
        looks = set(np.linspace(0, hold.steps, min(LOOKS, hold.steps) + 1).round().astype(int).tolist())
        next_told = 0.0
        for step in range(hold.steps + 1):
            if step in looks:
                self._look(step)
                if step == hold.steps:
                    report(step, hold.steps)
                elif time.monotonic() >= next_told:
                    report(step, hold.steps, self.result(title, complete=False, weights_unchanged=None))
                    next_told = time.monotonic() + APART
            if step < hold.steps:
                optimizer.zero_grad(set_to_none=True)
                self._loss().backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                falling.step()

    def result(self, title: str, *, complete: bool, weights_unchanged: bool | None) -> Inversion:
        """Return what is known by now."""
        steps, inner, outer = zip(*self._told, strict=True)
        shown = torch.cat([self._first, self._p.detach()])
        return Inversion(
            title=title,
            made=Made(device=str(self._p.device), seed=self._hold.seed),
            layers=self._names,
            shapes=[list(self._wanted[name].shape[1:]) for name in self._names],
            image=self._image,
            pictures=seen(shown.clamp(0, 1) if self._image else shown),
            values=((shown - self._mean) / self._std).cpu().numpy(),
            steps=np.array(steps),
            feature_errors=torch.stack(inner, 1).numpy(),
            input_errors=torch.stack(outer, 1).numpy(),
            alpha=self._hold.alpha,
            tv=self._hold.tv,
            total=self._hold.steps,
            weights_unchanged=weights_unchanged,
            complete=complete,
        )

    def _apart(self) -> Tensor:
        """Return ‖Φ(x) − Φ(x₀)‖² / ‖Φ(x₀)‖² of each layer, shape (l,)."""
        found = capture(self._module, self._names, (self._p - self._mean) / self._std)
        return torch.stack([
            (found[name][i] - self._wanted[name][0]).square().sum() / self._wanted[name].square().sum()
            for i, name in enumerate(self._names)
        ])

    def _loss(self) -> Tensor:
        count = self._p[0].numel()
        loss = self._apart().sum()
        if self._image and self._hold.alpha:
            loss = loss + self._hold.alpha / count * norm_power(self._p, ALPHA).sum()
        if self._image and self._hold.tv:
            loss = loss + self._hold.tv / count * variation(self._p, BETA).sum()
        return loss

    def _look(self, step: int) -> None:
        """Measure how far the features and the pictures themselves are off, the latter as a share of its contrast."""
        with torch.no_grad():
            inner = self._apart().sqrt().cpu()
            first = self._first
            contrast = (first - first.mean()).norm().clamp_min(1e-12)
            shown = self._p.clamp(0, 1) if self._image else self._p
            outer = ((shown - first).flatten(1).norm(dim=1) / contrast).cpu()
        self._told.append((step, inner, outer))
