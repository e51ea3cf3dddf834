"""The map of curvatures against dense Hessians."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from dltui.commands.landscape_screen import with_slices
from dltui.instruments.landscape import scan
from dltui.instruments.planes.along import Along
from dltui.instruments.planes.curvature import Remembered, with_curvature
from dltui.objective import Objective


def test_both_ends_are_those_of_the_dense_hessian() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    x, y = torch.randn(30, 4, dtype=torch.float64), torch.randint(0, 3, (30,))
    objective = Objective.bind(net, x, y, double=True)
    span = Remembered(Along(seed=1))
    plane = scan(objective, steps=9, distance=2, along=span)
    assert span.axes is not None
    found = with_curvature(objective, span.axes, plane)
    assert found.highest is not None
    assert found.highest.shape == (7, 7)
    names = [name for name, _ in net.named_parameters()]
    sizes = [p.numel() for p in net.parameters()]
    theta = torch.cat([p.detach().flatten() for p in net.parameters()])
    first, second = span.axes.directions

    def loss(flat: torch.Tensor) -> torch.Tensor:
        parts = zip(names, torch.split(flat, sizes), net.parameters(), strict=True)
        return nn.functional.cross_entropy(functional_call(net, {n: t.view_as(p) for n, t, p in parts}, x), y)

    for i, j in ((3, 3), (0, 0), (2, 6), (6, 1)):
        here = theta + found.curvature_alphas[j] * first + found.curvature_betas[i] * second  # type: ignore[index]
        values = np.linalg.eigvalsh(torch.autograd.functional.hessian(loss, here).numpy())
        scale = np.abs(values).max()
        assert found.highest[i, j] == pytest.approx(values[-1], abs=2e-3 * scale)
        assert found.lowest[i, j] == pytest.approx(values[0], abs=2e-3 * scale)  # type: ignore[index]
        assert found.curvature_residual[i, j] <= 2e-3 * scale  # type: ignore[index]
    titles = [figure.title.partition(" · ")[0] for figure in found.figures()]
    assert titles[-2:] == ["Lowest curvature λ_min", "Largest curvature λ_max"]
    assert found.summary()["curvature_map"]["lowest"] == found.lowest.tolist()  # type: ignore[union-attr]
    moved = with_slices(found, found.figures(), (0.5, 0.5))
    assert [figure.title for figure in moved[3:]] == [figure.title for figure in found.figures()[3:]]
