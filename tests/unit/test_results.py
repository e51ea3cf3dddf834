"""Results go through one file and come back the same, without torch."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from dltui.commands._output import finite
from dltui.errors import DltuiError
from dltui.figures import Figure, Mark, Points, Prose, Step, Steps, Table
from dltui.figures import Path as Trail
from dltui.figures import Surface as SurfaceFigure
from dltui.results import Result, load, peek
from dltui.results.explanation import Explanation
from dltui.results.gallery import Gallery
from dltui.results.gradients import GradientNorms
from dltui.results.landscape import Landscape
from dltui.results.spectrum import Spectrum
from dltui.results.store import KINDS
from dltui.results.training import TrainingHistory

GRID = np.linspace(-1.0, 1.0, 5)
BOWL = 0.1 + GRID[None, :] ** 2 + 3 * GRID[:, None] ** 2

RESULTS: list[Result] = [
    Landscape(
        title="bowl", alphas=GRID, betas=GRID, loss=BOWL, accuracy=1 - BOWL / 5, center_loss=0.1, normalize="filter",
        samples=7, parameters=2,
    ),
    Landscape(
        title="line with a hole", alphas=GRID, loss=np.array([[1.0, math.nan, 0.1, 0.4, math.inf]]), center_loss=0.1,
        normalize="none", samples=7, parameters=2,
    ),
    Spectrum(
        title="two", parameters=2, top_eigenvalues=np.array([6.0, 2.0]), top_residuals=np.zeros(2),
        bottom_eigenvalues=np.array([2.0]), bottom_residuals=np.zeros(1), converged=True, trace=8.0, trace_stderr=0.0,
        eigenvalues=np.linspace(0, 8, 9), density=np.full(9, 1 / 8), moments=np.array([4.0, 20.0]), loss=0.1,
        products=2, samples=7,
    ),
    GradientNorms(
        title="g", loss=0.1, total_norm=5.0, names=["w", "b"], shapes=[[2, 3], []], grad_norms=np.array([3.0, 4.0]),
        weight_norms=np.array([6.0, 0.0]), sample_norms=np.array([1.0, 2.0, 6.0]), samples=3,
    ),
    Landscape(
        title="a part of a bowl", alphas=GRID, betas=GRID, loss=np.where(np.eye(5) > 0, BOWL, math.nan),
        known=np.eye(5) > 0, center_loss=0.1, model_loss=0.2, normalize="none", along=["eigen:1", "eigen:-1"],
        curvatures=[2.0, -1.0], residuals=[0.0, 0.1], samples=7, parameters=2,
    ),
    Spectrum(
        title="two so far", parameters=2, top_eigenvalues=np.array([6.0]), top_residuals=np.ones(1),
        bottom_eigenvalues=np.array([2.0]), bottom_residuals=np.zeros(1), converged=False, trace=math.nan,
        trace_stderr=math.nan, eigenvalues=np.empty(0), density=np.empty(0), moments=np.empty(0), loss=0.1, products=2,
        samples=7, layers=["w", "b"], top_masses=np.array([[0.25, 0.75]]), bottom_masses=np.empty((0, 2)),
        complete=False, at=[0.5], normalize="filter",
    ),
    TrainingHistory(
        title="t", run="digits-lenet-0001", epochs=np.arange(1, 4), train_loss=np.array([2.0, 1.0, 0.5]),
        test_loss=np.array([2.1, 1.2, 0.7]), test_accuracy=np.array([0.2, 0.6, 0.9]),
        learning_rate=np.array([0.1, 0.1, 0.01]), parameters=11, split="a fifth held out",
    ),
    Explanation(
        title="why", kind="array", methods=["shap"], maps=np.array([[1.0, -2.0]]), target=1, target_name="yes",
        details=[{"seconds": 0.1, "forwards": 4, "exact": True, "parts": 2}], value=0.5, baseline_value=1.5,
        answers=[{"number": 1, "name": "yes", "output": 0.5, "probability": 0.6}], shares=np.array([0.0, 0.5, 1.0]),
        deletion=np.array([[0.6, 0.4, 0.2]]), insertion=np.array([[0.2, 0.5, 0.6]]),
        random_deletion=np.array([0.6, 0.5, 0.2]), random_insertion=np.array([0.2, 0.4, 0.6]),
        sanity_layers=["fc"], rank_correlation=np.array([[math.nan]]),
    ),
]  # fmt: skip


@pytest.mark.parametrize("result", RESULTS, ids=lambda r: f"{r.schema} {r.title}")
def test_round_trip_is_exact(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "r.safetensors"
    result.save(path)
    again = load(path)
    assert type(again) is type(result)
    for part in fields(result):
        before, after = getattr(result, part.name), getattr(again, part.name)
        if isinstance(before, np.ndarray):
            np.testing.assert_array_equal(after, before)
            assert after.dtype == before.dtype
        else:
            np.testing.assert_equal(after, before)  # here NaN is NaN
    told = peek(path)
    assert told is not None
    assert (told.schema, told.title, told.made) == (result.schema, result.title, result.made)


@pytest.mark.parametrize("result", RESULTS, ids=lambda r: f"{r.schema} {r.title}")
def test_summary_is_json_and_figures_have_words(result: Result) -> None:
    document = json.loads(json.dumps(finite(result.document()), allow_nan=False))
    assert document["schema"] == result.schema
    assert document["seconds"] == result.made.seconds
    assert all(figure.words() for figure in result.figures())


def test_every_kind_is_in_the_table() -> None:
    for name, place in KINDS.items():
        module, _, attribute = place.partition(":")
        assert getattr(import_module(module), attribute).schema.partition("/")[0] == name


def test_a_gallery_keeps_every_kind_of_figure(tmp_path: Path) -> None:
    shown: tuple[Figure, ...] = (
        *(figure for result in RESULTS for figure in result.figures()),
        SurfaceFigure(
            values=BOWL,
            x=GRID,
            y=GRID,
            paths=(Trail(name="p", x=GRID, y=GRID),),
            marks=(Mark(name="m", x=0, y=0),),
        ),
        Points(position=np.eye(3), group=np.array([0, 1, 1]), group_names=("a", "b")),
        Steps(steps=(Step(formula="1 + 1 = 2", note="by counting"),)),
        Table(columns=("a",), rows=((1,), (2.5,), (None,), ("x",))),
        Prose(text="θ"),
    )
    gallery = Gallery(title="all", shown=shown, numbers={"λ": 2.0}, knobs={"lr": 0.1})
    gallery.save(tmp_path / "g.safetensors")
    again = load(tmp_path / "g.safetensors")
    assert isinstance(again, Gallery)
    assert again.numbers == gallery.numbers
    assert again.knobs == gallery.knobs
    for before, after in zip(shown, again.shown, strict=True):
        assert type(after) is type(before)
        for part in fields(before):
            np.testing.assert_equal(_plain(getattr(after, part.name)), _plain(getattr(before, part.name)))


def _plain(value: object) -> object:
    """Dataclasses with arrays have no equality: compare their parts."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return (
        {p.name: _plain(getattr(value, p.name)) for p in fields(value)}
        if hasattr(value, "__dataclass_fields__")
        else value
    )


def test_loading_imports_no_torch(tmp_path: Path, root: Path) -> None:
    path = tmp_path / "r.safetensors"
    RESULTS[0].save(path)
    code = (
        "import sys; from pathlib import Path; from dltui.results import load;"
        f"load(Path({str(path)!r})).figures(); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(root)})


def test_what_is_no_result_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "missing.safetensors"
    with pytest.raises(DltuiError, match="no file"):
        load(missing)
    text = tmp_path / "text.safetensors"
    text.write_text("hello")
    with pytest.raises(DltuiError, match=r"can't read .*expected a .safetensors"):
        load(text)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"w": np.zeros(2)}, foreign)
    with pytest.raises(DltuiError, match="not a result of dltui"):
        load(foreign)
    assert peek(foreign) is None
    newer = tmp_path / "newer.safetensors"
    header = {"schema": "landscape/99", "plain": {}, "made": {}}
    save_file({"w": np.zeros(2)}, newer, metadata={"dltui": json.dumps(header)})
    with pytest.raises(DltuiError, match=r"newer than landscape/1"):
        load(newer)
    with pytest.raises(DltuiError, match=r"its name must end in \.safetensors; try r\.safetensors"):
        RESULTS[0].save(tmp_path / "r.npz")


def test_gradient_ratio_is_norm_over_norm() -> None:
    document = RESULTS[3].document()
    assert document["layers"][0]["ratio"] == 0.5
    assert document["layers"][1]["ratio"] is None
    told = document["per_sample"]
    assert (told["mean"], told["max"], told["norms"]) == (3.0, 6.0, [1.0, 2.0, 6.0])


def test_a_spectrum_of_old_has_no_masses(tmp_path: Path) -> None:
    """A file from before eigenvectors were told by layer, and from before ``at`` and ``complete``."""
    spectrum = RESULTS[2]
    added = {"layers", "top_masses", "bottom_masses", "complete", "at", "normalize"}
    arrays, plain = spectrum.parts()
    kept = {name: value for name, value in plain.items() if name not in added}
    header = {"schema": "spectrum/1", "plain": kept, "made": {}}
    save_file(
        {name: value for name, value in arrays.items() if name not in added},
        tmp_path / "old.safetensors",
        metadata={"dltui": json.dumps(header)},
    )
    old = load(tmp_path / "old.safetensors")
    assert isinstance(old, Spectrum)
    assert (old.layers, old.complete, old.at) == ([], True, [])
    assert old.top_masses.size == old.bottom_masses.size == 0
    assert [figure.title for figure in old.figures()] == [figure.title for figure in spectrum.figures()]
    assert old.document()["top_masses"] == []
    old.save(tmp_path / "again.safetensors")
    assert load(tmp_path / "again.safetensors").document() == old.document()
