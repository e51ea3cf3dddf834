"""Curves of runs, several beside each other, a sketch of the loss, and the trash."""

import math
from pathlib import Path

import numpy as np
import pytest

from dltui.errors import DltuiError, UsageError
from dltui.figures import Lines, Table
from dltui.runs import (
    MetricsWriter,
    Run,
    discard,
    finish,
    loss_sketch,
    new_run,
    open_run,
    read_metrics,
    restore,
    trash_folder,
)
from dltui.runs.compare import COLOURS, comparison, differences, tints
from dltui.runs.curves import Sight, charts, curves, smoothed
from dltui.runs.metrics import Row


@pytest.fixture(autouse=True)
def own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))


def written(rows: list[Row], **told: object) -> Run:
    asked = {"model": "lenet", "data": "digits", "settings": {}, "command": "dltui train lenet"} | told
    run = new_run(**asked)  # type: ignore[arg-type]
    with MetricsWriter(run) as writer:
        for row in rows:
            writer.append(row)
    return finish(run, "done")


ROWS: list[Row] = [
    {"kind": "start", "steps": 40, "epochs": 4, "seconds": 0.0, "step": 0},
    {"kind": "step", "step": 5, "seconds": 50.0, "loss": 4.0, "learning_rate": 0.1, "gradient_norm": 3.0},
    {"kind": "step", "step": 10, "seconds": 100.0, "loss": None, "learning_rate": 0.05, "gradient_norm": 2.0},
    {"kind": "eval", "epoch": 1, "step": 10, "seconds": 101.0, "train_loss": 3.0, "test_loss": 2.5,
     "test_accuracy": 0.5, "learning_rate": 0.05},
    {"kind": "step", "step": 20, "seconds": 200.0, "loss": 1.0, "learning_rate": 0.0, "gradient_norm": 1.0,
     "perplexity": 2.7},
]  # fmt: skip


def test_curves_are_whatever_the_rows_hold() -> None:
    told = curves(ROWS)
    assert [(curve.chart, curve.name, curve.kind) for curve in told] == [
        ("Loss", "batch", "step"),
        ("Loss", "train", "eval"),
        ("Loss", "test", "eval"),
        ("Accuracy", "test", "eval"),
        ("Learning rate", "learning rate", "step"),
        ("Gradient norm", "gradient norm", "step"),
        ("Perplexity", "perplexity", "step"),
    ]
    batch = told[0]
    assert batch.step.tolist() == [5, 10, 20]
    assert batch.epoch.tolist() == [0.5, 1.0, 2.0]  # ten steps an epoch
    assert batch.seconds.tolist() == [50, 100, 200]
    np.testing.assert_array_equal(batch.value, [4.0, math.nan, 1.0])
    assert curves([]) == []


def test_charts_over_steps_epochs_and_time() -> None:
    told = curves(ROWS)
    loss, *_ = charts(told, Sight(), "x")
    assert (loss.x_label, loss.y_scale) == ("step", "log")
    loss, _, rate, *_ = charts(told, Sight("time", log=False), "x")
    assert (loss.x_label, loss.y_scale) == ("time (min)", "linear")
    np.testing.assert_allclose(loss.series[0].x, np.array([50, 100, 200]) / 60)
    assert rate.y_scale == "linear"
    loss, *_ = charts(told, Sight("epoch"), "x")
    assert loss.series[1].x.tolist() == [1.0]


def test_a_loss_that_touches_zero_is_not_drawn_by_its_logarithm() -> None:
    (chart,) = charts(curves([{"kind": "step", "step": 1, "loss": 0.0}]), Sight(), "x")
    assert chart.y_scale == "linear"


def test_smoothing_is_the_mean_weighted_by_powers() -> None:
    values = np.array([5.0, 1.0, math.nan, 2.0])
    weight = 0.6
    known = np.array([5.0, 1.0, 2.0])
    expected = []
    for end in range(1, 4):
        powers = weight ** np.arange(end - 1, -1, -1)
        expected.append((powers * known[:end]).sum() / powers.sum())
    found = smoothed(values, weight)
    np.testing.assert_allclose(found[[0, 1, 3]], expected, rtol=1e-12)
    assert math.isnan(found[2])
    assert smoothed(values, 0.0) is values
    with pytest.raises(UsageError, match="below 1"):
        Sight(smooth=1.0)


def test_a_run_has_its_colour_whatever_comes_later() -> None:
    runs = [written([], seed=seed) for seed in range(6)]
    all_tints = tints(runs)
    assert len(set(all_tints.values())) == 6
    for count in range(1, 6):
        assert tints(runs[:count]) == {run.name: all_tints[run.name] for run in runs[:count]}
    many = tints([written([], seed=seed) for seed in range(12)])
    assert set(many.values()) <= set(range(COLOURS))


def test_runs_are_compared_in_what_they_differ_in() -> None:
    one = written(ROWS, settings={"learning_rate": 0.1, "epochs": 4})
    two = written(ROWS[:2], settings={"learning_rate": 0.2, "epochs": 4}, model="mlp")
    table = differences([one, two])
    assert table.columns == ("setting", one.name, two.name)
    assert table.rows == (("model", "lenet", "mlp"), ("learning rate", 0.1, 0.2))
    found = comparison([one, two], Sight())
    shown = found.figures()
    assert isinstance(shown[0], Table)
    assert [figure.title for figure in shown[1:4]] == [
        "Test loss · 2 runs",
        "Train loss · 2 runs",
        "Test accuracy · 2 runs",
    ]
    batch = next(figure for figure in shown if figure.title.startswith("Batch loss"))
    assert isinstance(batch, Lines)
    assert [(line.name, line.tint) for line in batch.series] == list(tints([one, two]).items())
    assert found.document()["numbers"]["last"][two.name]["loss"] == 4.0


def test_sketch_of_a_short_run_is_its_loss_and_of_a_long_one_thinned() -> None:
    assert loss_sketch(written(ROWS))[:1] == (4.0,)
    assert math.isnan(loss_sketch(written(ROWS))[1])
    epochs = [{"kind": "epoch", "epoch": i, "train_loss": 1 / i} for i in range(1, 4)]
    assert loss_sketch(written(epochs)) == (1.0, 0.5, 1 / 3)
    assert loss_sketch(written([])) == ()
    rows = [{"kind": "step", "step": i, "seconds": i / 7, "loss": 1000.0 - i} for i in range(20_000)]
    run = written(rows)
    assert run.metrics.stat().st_size > 1_000_000
    sketch = loss_sketch(run)
    assert 40 <= len(sketch) <= 56
    assert list(sketch) == sorted(sketch, reverse=True)
    assert sketch[0] > 990
    assert sketch[-1] == 1000.0 - 19_999


def test_sketch_of_a_torn_file_holds_what_is_whole() -> None:
    run = written(ROWS)
    with run.metrics.open("ab") as file:
        file.write(b'{"kind": "step", "lo')
    assert len(loss_sketch(run)) == 3
    assert len(read_metrics(run)) == len(ROWS)


def test_trash_keeps_everything_and_gives_it_back(tmp_path: Path) -> None:
    run = written(ROWS)
    files = {path.name: path.read_bytes() for path in run.folder.iterdir() if path.is_file()}
    gone = discard(run.folder)
    assert gone.path.parent == trash_folder()
    assert not run.folder.exists()
    assert open_run(gone.path).model == "lenet"
    assert restore(gone) == run.folder
    assert {path.name: path.read_bytes() for path in run.folder.iterdir() if path.is_file()} == files

    for text in ("first", "second", "third"):  # the same name, three times
        (tmp_path / "same.txt").write_text(text)
        gone = discard(tmp_path / "same.txt")
    assert {path.read_text() for path in trash_folder().glob("same*")} == {"first", "second", "third"}
    (tmp_path / "same.txt").write_text("in the way")
    with pytest.raises(DltuiError, match="something else has that name"):
        restore(gone)
    assert gone.path.read_text() == "third"


def test_what_goes_on_or_is_gone_is_not_put_away(tmp_path: Path) -> None:
    run = new_run(model="lenet", data="digits", settings={})
    with MetricsWriter(run) as writer, pytest.raises(DltuiError, match="still going on"):
        writer.append({"step": 1})
        discard(run.folder)
    assert run.folder.is_dir()
    discard(run.folder)  # died by now
    with pytest.raises(DltuiError, match="not there any more"):
        discard(tmp_path / "nothing")
