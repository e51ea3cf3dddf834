"""What stands on the shelves."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from dltui.data.fetch.manifest import things
from dltui.errors import DltuiError
from dltui.lab._names import NAMES as EXHIBITS
from dltui.models._names import NAMES as MODELS
from dltui.results.base import HEADER
from dltui.runs import MetricsWriter, new_run
from dltui.runs.curves import Sight
from dltui.tui import catalog
from dltui.tui.catalog import SHELVES, Item
from dltui.tui.catalog.models import contents_of, tensors
from dltui.tui.catalog.runs import story

SHELF = {shelf.name: shelf for shelf in SHELVES}
RESULTS, RUNS, MODELS_SHELF, LAB = (SHELF[name] for name in ("results", "runs", "models", "lab"))


def test_results_are_listed_the_newest_first(results: Path, here: Path) -> None:
    items = catalog.read(RESULTS, here)
    assert [item.name for item in items] == ["bowl", "saddle", "mixture"]
    assert items[0].note == "landscape · rosenbrock"
    assert items[0].command == "dltui landscape rosenbrock --save bowl.safetensors"


def test_results_of_the_current_folder_count_once(results: Path, here: Path) -> None:
    (here / "link.safetensors").symlink_to(results / "bowl.safetensors")
    (here / "own.safetensors").write_bytes((results / "saddle.safetensors").read_bytes())
    assert sorted(item.name for item in catalog.read(RESULTS, here)) == ["bowl", "mixture", "own", "saddle"]


def test_nothing_is_listed_where_there_is_nothing(here: Path) -> None:
    assert catalog.read(RESULTS, here) == []
    assert catalog.read(RUNS, here) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"\xff" * 64, (10).to_bytes(8, "little") + b'{"a": 1'],
    ids=["empty", "text", "bytes", "cut"],
)
def test_broken_file_is_listed_and_says_why_it_cannot_be_opened(
    results: Path, here: Path, content: bytes
) -> None:
    (results / "broken.safetensors").write_bytes(content)
    broken = catalog.read(RESULTS, here)[-1]
    assert (broken.name, broken.note) == ("broken", "can't be read")
    with pytest.raises(DltuiError, match="broken.safetensors"):
        catalog.glimpse(broken)


@pytest.mark.parametrize(
    "header", ["[]", '{"schema": 3, "plain": 1, "made": 2}', '{"schema": "a/b", "plain": [], "made": []}']
)
def test_header_written_by_hand_does_not_stop_the_list(results: Path, here: Path, header: str) -> None:
    save_file({"x": np.zeros(1)}, results / "odd.safetensors", metadata={HEADER: header})
    assert catalog.read(RESULTS, here)[-1].note == "can't be read"


def test_glimpse_of_a_result_is_its_main_figure(results: Path, here: Path) -> None:
    found = catalog.glimpse(catalog.read(RESULTS, here)[0])
    assert found.figure is not None
    assert found.figure.title == "Loss landscape · rosenbrock"
    assert found.words == found.figure.words()
    assert dict(found.facts)["made"] == "2026-11-23 21:00"
    assert dict(found.facts)["seed"] == "7"


def test_checkpoints_come_first_without_hidden_and_own_ones_then_models(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(here / "kept"))
    for name in (
        "a.pt",
        "deep/b.ckpt",
        ".hidden/c.pt",
        "venv/d.pt",
        "kept/e.pt",
        "1/2/3/f.pt",
        "1/2/3/4/g.pt",
        "h.txt",
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(b"x" * 2048)
    items = catalog.read(MODELS_SHELF, here)
    assert [item.name for item in items[3:] if item.kind == "model"] == list(MODELS)
    assert [item.group for item in items[3 + len(MODELS) :]] == ["to fetch"] * len([
        one for one in things().values() if one.kind == "model"
    ])
    found = {item.name: item.note for item in items if item.kind == "checkpoint"}
    assert found == {"a.pt": "2.0 kB", "deep/b.ckpt": "2.0 kB", "1/2/3/f.pt": "2.0 kB"}


def test_results_are_no_checkpoints(results: Path) -> None:
    assert not [item for item in catalog.read(MODELS_SHELF, results) if item.kind == "checkpoint"]


def test_tensors_are_told_from_the_header(here: Path) -> None:
    save_file(
        {"conv.weight": np.zeros((6, 1, 5, 5), np.float32), "bias": np.zeros(6)}, here / "net.safetensors"
    )
    contents = contents_of(here / "net.safetensors")
    table, parameters = tensors(contents), sum(one.elements for one in contents.entries)
    assert parameters == 156
    assert ("conv.weight", "6 × 1 × 5 × 5", "float32", 150) in table.rows
    item = catalog.read(MODELS_SHELF, here)[0]
    assert dict(catalog.glimpse(item).facts)["numbers"] == "156"


def test_checkpoint_of_torch_is_never_unpickled(here: Path) -> None:
    (here / "evil.pt").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    with pytest.raises(DltuiError, match=r"os\.system"):
        catalog.glimpse(catalog.read(MODELS_SHELF, here)[0])
    assert not Path("pwned").exists()


def test_exhibits_and_models_tell_their_commands(here: Path) -> None:
    exhibits = catalog.read(LAB, here)
    assert {item.name for item in exhibits} == set(EXHIBITS)
    for item in [*exhibits, *catalog.read(MODELS_SHELF, here)]:
        assert item.command.startswith("dltui ")
        assert catalog.glimpse(item).words


def test_run_is_told_from_its_first_row_to_its_last(here: Path) -> None:
    run = new_run(
        model="lenet",
        data="digits",
        settings={"epochs": 2, "learning_rate": 0.05},
        command="dltui train lenet",
    )
    writer = MetricsWriter(run)
    assert [type(figure).__name__ for figure in story(run.folder).figures(Sight())] == ["Prose"]
    writer.append({"kind": "start", "parameters": 10, "split": "a fifth", "device": "cpu"})
    writer.append({"kind": "step", "step": 1, "epoch": 1, "loss": 2.3, "learning_rate": 0.05})
    writer.flush()
    told = story(run.folder)
    assert told.state == "running"
    titles = [figure.title for figure in told.figures(Sight())]
    assert titles == ["Loss · lenet on digits", "Learning rate · lenet on digits"]
    row = {
        "epoch": 1,
        "step": 2,
        "train_loss": 2.0,
        "test_loss": 1.9,
        "test_accuracy": 0.4,
        "learning_rate": 0.05,
    }
    writer.append({"kind": "eval", "seconds": 1.0, **row})
    writer.flush()
    loss, accuracy, _ = story(run.folder).figures(Sight())
    assert [line.name for line in loss.series] == ["batch", "train", "test"]  # type: ignore[attr-defined]
    assert accuracy.title == "Accuracy · lenet on digits"
    (item,) = catalog.read(RUNS, here)
    assert item.note == "lenet on digits · running"
    assert (item.state, item.spark) == ("running", (2.3,))
    assert dict(catalog.glimpse(item).facts)["learning rate"] == "0.05"
    writer.close()
    assert story(run.folder).state == "died"


def test_run_that_is_gone_or_broken_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(["not", "a", "card"]))
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(DltuiError):
            catalog.glimpse(Item("run", "x", "", str(folder), ""))
