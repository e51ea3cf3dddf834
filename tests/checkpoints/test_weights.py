"""Files of weights: written, read by their bytes, refused when they would run code, fitted into models."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dltui.checkpoints import About, fit_weights, read_weights, write_weights
from dltui.checkpoints.fit import mismatches
from dltui.errors import DltuiError, UsageError

ABOUT = About(model="mlp", input_shape=(2,), outputs=3, run="moons-mlp-00aa", step=7)


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))


def equal(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_round_trip(tmp_path: Path) -> None:
    module = net()
    write_weights(module, tmp_path / "a.safetensors", ABOUT)
    read = read_weights(tmp_path / "a.safetensors")
    assert read.about == ABOUT
    assert equal(read.state, dict(module.state_dict()))
    assert list(tmp_path.iterdir()) == [tmp_path / "a.safetensors"]


def test_tied_weights_are_written(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    module[1].weight = module[0].weight
    write_weights(module, tmp_path / "a.safetensors", ABOUT)
    assert equal(read_weights(tmp_path / "a.safetensors").state, dict(module.state_dict()))


@pytest.mark.parametrize("wrap", [None, "state_dict", "model", "model_state_dict"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])  # the bytes count, not the name
def test_what_torch_saves(tmp_path: Path, wrap: str | None, prefix: str, suffix: str) -> None:
    state = OrderedDict((f"{prefix}{name}", tensor) for name, tensor in net().state_dict().items())
    path = tmp_path / f"a{suffix}"
    torch.save({wrap: state, "epoch": 3} if wrap else state, path)
    read = read_weights(path)
    assert read.about is None
    assert equal(read.state, dict(net().state_dict()))


def test_the_old_format(tmp_path: Path) -> None:
    torch.save(net().state_dict(), tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    assert equal(read_weights(tmp_path / "a.pth").state, dict(net().state_dict()))


class Trap:
    """Would leave a file behind if it were unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("new_format", [True, False])
def test_code_is_refused_by_name_and_never_run(
    tmp_path: Path, new_format: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Trap()}, tmp_path / "a.pt", _use_new_zipfile_serialization=new_format)
    with pytest.raises(
        DltuiError, match=r"would run code when read, so it is refused .*: it wants posix.mkdir;"
    ):
        read_weights(tmp_path / "a.pt")
    assert not (tmp_path / "sprung").exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "a.pt")
    with pytest.raises(DltuiError, match=r"so it is refused .*: it wants .*torch.nn.modules.linear.Linear"):
        read_weights(tmp_path / "a.pt")


def broken(tmp_path: Path) -> dict[str, tuple[bytes, str]]:
    write_weights(net(), tmp_path / "whole.safetensors", ABOUT)
    torch.save(net().state_dict(), tmp_path / "whole.pt")
    safe, zipped = (tmp_path / "whole.safetensors").read_bytes(), (tmp_path / "whole.pt").read_bytes()
    return {
        "cut.safetensors": (safe[:-9], "can't read {path} as .safetensors"),
        "head.safetensors": (safe[:20], "can't read {path} as .safetensors"),
        "cut.pt": (zipped[: len(zipped) // 2], "{path} is damaged or not what it seems"),
        "pickle.pt": (pickle.dumps([1, 2]), "{path} is a pickle, but not one that torch.save wrote"),
        "empty.pt": (b"", "{path} holds no weights"),
        "text.pt": (
            b"hello, world",
            "{path} holds no weights: expected .safetensors, or what torch.save wrote",
        ),
    }


@pytest.mark.parametrize(
    "name", ["cut.safetensors", "head.safetensors", "cut.pt", "pickle.pt", "empty.pt", "text.pt"]
)
def test_damaged_files(tmp_path: Path, name: str) -> None:
    content, sentence = broken(tmp_path)[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DltuiError) as caught:
        read_weights(tmp_path / name)
    assert sentence.format(path=tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        ({"epoch": 3, "loss": 0.1}, "holds a dictionary of epoch, loss, not tensors by name"),
        (torch.ones(2), "holds a Tensor, not tensors by name"),
        ({}, "holds a dictionary of nothing"),
    ],
)
def test_files_without_a_state_dict(tmp_path: Path, stored: object, sentence: str) -> None:
    torch.save(stored, tmp_path / "a.pt")
    with pytest.raises(DltuiError) as caught:
        read_weights(tmp_path / "a.pt")
    assert sentence in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file .*gone.pt: expected a file of weights"):
        read_weights(tmp_path / "gone.pt")
    with pytest.raises(UsageError, match="is a folder: expected a file of weights"):
        read_weights(tmp_path)


def test_a_saved_result_is_no_weights(tmp_path: Path) -> None:
    from dltui.results.gallery import Gallery

    Gallery(title="x").save(tmp_path / "a.safetensors")
    with pytest.raises(DltuiError, match=r"is a saved result, not weights: try dltui open"):
        read_weights(tmp_path / "a.safetensors")


def test_torchscript_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:  # what torch.jit.save writes beside the data
        archive.writestr("a/constants.pkl", b"")
        archive.writestr("a/data.pkl", b"")
    with pytest.raises(
        DltuiError, match=r"is a TorchScript program, not weights: save model.state_dict\(\) instead"
    ):
        read_weights(tmp_path / "a.pt")


def test_fitting(tmp_path: Path) -> None:
    torch.manual_seed(1)
    other = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))
    fit_weights(other, net().state_dict(), tmp_path)
    assert equal(dict(other.state_dict()), dict(net().state_dict()))


def test_what_does_not_fit_is_named_and_nothing_is_changed() -> None:
    module = net()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    state = {name: tensor + 1 for name, tensor in module.state_dict().items()}
    state["0.weight"] = torch.ones(5, 2)
    state["extra"] = torch.ones(3)
    del state["2.bias"]
    del state["1.running_mean"]
    with pytest.raises(DltuiError) as caught:
        fit_weights(module, state, Path("a.pt"))
    assert str(caught.value) == (
        "a.pt does not fit Sequential: 0.weight is [5, 2] in the file, [4, 2] in the model; "
        "1.running_mean [4] is missing in the file; 2.bias [3] is missing in the file and 1 more"
    )
    assert equal(before, dict(module.state_dict()))


def test_mismatches_of_equal_shapes_are_none() -> None:
    assert mismatches({"a": (1, 2)}, {"a": (1, 2)}) == []
    assert mismatches({}, {"a": ()}) == ["a [] is not in the model"]
