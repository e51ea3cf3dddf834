"""Exhibits that make shapes: what is typed is refused with a word, fits that collapse say so, missing parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dltui.errors import DltuiError, UsageError
from dltui.figures import Scene
from dltui.lab.remembered import Remembered
from dltui.lab.run import run
from dltui.lab.scene3d import nerf_work as nerf
from dltui.lab.scene3d.chairs import chair, graphs, leaf_of
from dltui.lab.scene3d.programs_figures import exploded
from dltui.lab.scene3d.programs_known import known_of, nodes_of
from dltui.lab.scene3d.sheets import Atlas, Soup, code_of, grid, laid, spaced
from dltui.lab.scene3d.views_nets import spoilt, winners
from dltui.scene.nerf.fit import Fit


def test_a_program_that_means_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="not created yet"):
        run("part-programs", {"program": "create_box(seat); attach(leg, seat)"})


def test_a_chair_has_the_parts_that_were_asked_for() -> None:
    names = [part.name for part in chair(arms=False, wheels=False)]
    assert names == ["seat", "back", "leg1", "leg2", "leg3", "leg4"]
    assert [leaf_of(name) for name in ("arm2", "leg1", "wheel4", "seat")] == [
        "armrest",
        "strut",
        "wheel",
        "seat",
    ]
    known = known_of(1.0, 0.5, 0.8, False, False, 0.0, 0)
    assert nodes_of(known) == (["chair"], ["seat", "back", "strut"])
    assert "has no wheel" in exploded(known.parts, "wheel", 0.0).caption


def test_graphs_hold_what_touches() -> None:
    known = graphs(0)
    assert torch.equal(known.edges, known.edges.transpose(1, 2))
    assert torch.equal(known.edges.sum(dim=2) > 0, known.there > 0), "a part that touches nothing"
    assert 0.9 < float((known.there[:, 4:].sum(dim=1) == 4).float().mean()) < 1


def test_a_field_that_collapses_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(self: Fit) -> None:
        raise DltuiError("it collapsed three times")

    monkeypatch.setattr(Fit, "timed_step", nothing)
    monkeypatch.setattr(nerf, "_fits", lambda *given: Remembered(lambda: nerf._fitted(*given)))
    shown = list(nerf.nerf_live(views=2, steps=40))
    assert "collapsed" in shown[-1].caption
    assert shown[-1].numbers["step"] == 0
    assert np.isfinite(np.asarray(shown[-1].numbers["psnr"], float)).all()


def test_soup_and_sheets_have_the_places_that_are_asked_for() -> None:
    code, (uv, faces) = code_of(0), grid(3)
    assert laid(Soup(17), code, uv).shape == (1, 1, 17, 3)
    assert laid(Atlas(5), code, uv).shape == (1, 5, 16, 3)
    assert faces.shape == (18, 3)
    even = spaced(400)[0].numpy()
    counts, *_ = np.histogram2d(even[:, 0], even[:, 1], bins=5, range=((0, 1), (0, 1)))
    assert counts.min() >= 13
    assert counts.max() <= 19


def test_winners_and_spoilt_clouds() -> None:
    found = torch.tensor([[1.0, 5.0, 2.0], [3.0, 2.0, 2.0]])
    assert winners(found).tolist() == [1, 0, -1]
    cloud = np.random.default_rng(0).uniform(-0.5, 0.5, (100, 3)).astype(np.float32)
    half = spoilt(cloud, 0.5, 0.0, 0)
    assert half.shape == (50, 3)
    assert half[:, 0].max() <= np.sort(cloud[:, 0])[49]
    assert np.linalg.norm(spoilt(cloud, 0.0, 3.0, 1), axis=1).max() <= 1 + 1e-6


def test_an_untrained_field_is_drawn_without_points() -> None:
    first = next(nerf.nerf_live(steps=0, samples=8))
    scene = next(figure for figure in first.figures if isinstance(figure, Scene))
    assert len(scene.points) == 0
    assert len(scene.segments) > 100
