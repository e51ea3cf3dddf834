"""Every format against the library that wrote it: names, shapes, types, and every number."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dltui.archives import Archive, open_archive
from dltui.errors import DltuiError
from tests.archives.files import plain, tensors, write_tar


def same(archive: Archive, expected: dict[str, np.ndarray]) -> None:
    """Compare names, shapes and numbers, whole and in pieces."""
    assert {one.name for one in archive.entries} == set(expected)
    for entry in archive.entries:
        wanted = np.asarray(expected[entry.name])
        found = archive.values(entry.name)
        assert entry.shape == wanted.shape == found.shape, entry
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)
        pieces = [piece.copy() for piece in archive.blocks(entry.name, 16)]
        flat = np.concatenate(pieces) if pieces else np.empty(0, wanted.dtype)
        np.testing.assert_array_equal(flat, wanted.reshape(-1))


def legacy(state: object, path: Path) -> None:
    torch.save(state, path, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize(
    ("write", "kind"),
    [(save_file, "safetensors"), (torch.save, "pytorch-zip"), (legacy, "pytorch-legacy")],
    ids=["safetensors", "zip", "legacy"],
)
def test_containers_of_torch(tmp_path: Path, write: Callable[..., None], kind: str) -> None:
    state = tensors()
    if kind == "pytorch-legacy":
        state = {name: one for name, one in state.items() if "float8" not in str(one.dtype)}
    path = tmp_path / "weights.weights"  # told by the bytes, not by the name
    write(state, path)
    with open_archive(path) as archive:
        assert archive.format == kind
        same(archive, {name: plain(tensor) for name, tensor in state.items()})
        types = {one.name: one.dtype for one in archive.entries}
        assert types == {name: str(one.dtype).removeprefix("torch.") for name, one in state.items()}
        sizes = {one.name: one.nbytes for one in archive.entries}
        assert sizes == {name: one.numel() * one.element_size() for name, one in state.items()}


def test_the_oldest_container(tmp_path: Path) -> None:
    state = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.arange(4)}
    write_tar(tmp_path / "old.tar", state)
    with open_archive(tmp_path / "old.tar") as archive:
        assert archive.format == "pytorch-legacy"
        same(archive, {name: plain(one) for name, one in state.items()})


@pytest.mark.parametrize("write", [torch.save, legacy], ids=["zip", "legacy"])
def test_a_training_checkpoint(tmp_path: Path, write: Callable[..., None]) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.randn(8, 3)).sum().backward()
    optimiser.step()
    stored = {
        "epoch": 7,
        "best": 0.25,
        "name": "run",
        "done": False,
        "nothing": None,
        "model": model.state_dict(),
        "optimizer": optimiser.state_dict(),
        "tags": {"a", "b"},
    }
    write(stored, tmp_path / "a.ckpt")
    with open_archive(tmp_path / "a.ckpt") as archive:
        names = [one.name for one in archive.entries]
        assert names[:2] == ["model.0.weight", "model.0.bias"]
        assert "optimizer.state.0.exp_avg" in names
        told = archive.scalars
        assert (told["epoch"], told["best"], told["name"], told["done"], told["nothing"]) == (
            7,
            0.25,
            "run",
            False,
            None,
        )
        assert told["optimizer.param_groups.0.lr"] == 0.001
        assert told["optimizer.param_groups.0.betas"] == "[0.9, 0.999]"
        np.testing.assert_array_equal(
            archive.values("optimizer.state.0.exp_avg"), optimiser.state_dict()["state"][0]["exp_avg"].numpy()
        )


@pytest.mark.parametrize("write", [torch.save, legacy], ids=["zip", "legacy"])
def test_views_and_tied_tensors(tmp_path: Path, write: Callable[..., None]) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    state = {
        "a": whole,
        "tied": whole,
        "turned": whole.T,
        "row": whole[1],
        "spread": torch.ones(3).expand(2, 3),
    }
    write(state, tmp_path / "a.pt")
    with open_archive(tmp_path / "a.pt") as archive:
        same(archive, {name: one.contiguous().numpy() for name, one in state.items()})
        shared = {one.name: one.shared for one in archive.entries}
        assert shared == {"a": "", "tied": "a", "turned": "a", "row": "", "spread": ""}


def test_parameters_and_subclasses(tmp_path: Path) -> None:
    state = {
        "w": torch.nn.Parameter(torch.randn(2, 2)),
        "q": torch.randn(3).to_sparse(),
        "m": torch.empty(3, device="meta"),
    }
    torch.save(state, tmp_path / "a.pt")
    with open_archive(tmp_path / "a.pt") as archive:
        assert [one.name for one in archive.entries] == ["w", "q.indices", "q.values", "m"]
        np.testing.assert_array_equal(archive.values("w"), state["w"].detach().numpy())


class Block(torch.nn.Module):
    """A module with a parameter, a buffer, and a tensor that is neither."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(3, 2)
        self.register_buffer("mean", torch.zeros(2))
        self.loose = torch.ones(5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) + self.mean + self.loose.sum()


def test_torchscript(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch.jit is deprecated, its files are not gone
        script = torch.jit.script(Block())
        script.save(str(tmp_path / "a.pt"))
    with open_archive(tmp_path / "a.pt") as archive:
        assert archive.format == "torchscript"
        same(archive, {name: one.numpy() for name, one in script.state_dict().items()})
        assert archive.scalars["loose"] == "a tensor of shape [5], an attribute"


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_npz(tmp_path: Path, write: Callable[..., None]) -> None:
    draw = np.random.default_rng(0)
    arrays = {
        "w": draw.normal(size=(7, 5)),
        "big": np.arange(5, dtype=">i4"),
        "z": np.float32(3),
        "none": np.empty((0, 2), np.float16),
        "ä.重": np.array([1 + 2j]),
    }
    write(tmp_path / "a.npz", **arrays)
    with open_archive(tmp_path / "a.npz") as archive:
        assert archive.format == "npz"
        same(
            archive,
            {
                name: np.asarray(one).astype(np.asarray(one).dtype.newbyteorder("="))
                for name, one in arrays.items()
            },
        )


def test_columns_and_texts_of_numpy(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", f=np.asfortranarray(np.arange(6.0).reshape(2, 3)), s=np.array(["ab", "c"]))
    with open_archive(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(archive.values("f"), np.arange(6.0).reshape(2, 3))
        assert archive.entry("s").dtype == "str"
        assert archive.values("s").tolist() == ["ab", "c"]
    np.save(tmp_path / "one.npy", np.arange(6).reshape(2, 3))
    with open_archive(tmp_path / "one.npy") as archive:
        same(archive, {"one": np.arange(6).reshape(2, 3)})


def shards(folder: Path, write: Callable[..., None], suffix: str) -> dict[str, torch.Tensor]:
    """Write a model in three files with their index."""
    state = tensors()
    where = {}
    for number, name in enumerate(state):
        where[name] = f"model-{number % 3 + 1:05}-of-00003.{suffix}"
    for file in set(where.values()):
        write({name: state[name] for name in state if where[name] == file}, folder / file)
    index = "model.safetensors.index.json" if suffix == "safetensors" else "pytorch_model.bin.index.json"
    (folder / index).write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": where}))
    return state


@pytest.mark.parametrize(("write", "suffix"), [(save_file, "safetensors"), (torch.save, "bin")])
def test_shards(tmp_path: Path, write: Callable[..., None], suffix: str) -> None:
    state = shards(tmp_path, write, suffix)
    expected = {name: plain(one) for name, one in state.items()}
    index = next(tmp_path.glob("*.index.json"))
    with open_archive(index) as archive:
        assert archive.format == ("safetensors" if suffix == "safetensors" else "pytorch-zip")
        same(archive, expected)
    (tmp_path / "config.json").write_text(
        json.dumps({"architectures": ["Net"], "hidden_size": 4, "rope": {"theta": 1e4}})
    )
    (tmp_path / "tokenizer.json").write_text("{}")
    with open_archive(tmp_path) as archive:
        assert archive.format == "hf-folder"
        same(archive, expected)
        assert archive.scalars == {"architectures": "[Net]", "hidden_size": 4, "rope.theta": 1e4}
        assert archive.metadata["tokenizer"] == "tokenizer.json (2 bytes)"


def test_a_pipeline_of_several_models(tmp_path: Path) -> None:
    for part in ("unet", "vae"):
        (tmp_path / part).mkdir()
        save_file({"w": torch.ones(2)}, tmp_path / part / "diffusion_pytorch_model.safetensors")
    (tmp_path / "model_index.json").write_text('{"_class_name": "Pipeline"}')
    with open_archive(tmp_path) as archive:
        assert [one.name for one in archive.entries] == ["unet.w", "vae.w"]


@pytest.mark.parametrize("fault", ["gone", "short"])
@pytest.mark.parametrize("kind", ["safetensors", "gguf", "pt"])
def test_a_file_that_goes_while_it_is_read_is_told_in_a_sentence(
    kind: str, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "safetensors":
        save_file({"w": torch.ones(99, 99)}, path)
    elif kind == "pt":
        torch.save({"w": torch.ones(99, 99).T}, path)
    else:
        gguf = pytest.importorskip("gguf")
        blocks = gguf.quantize(np.ones((99, 64), np.float32), gguf.GGMLQuantizationType.Q8_0)
        writer = gguf.GGUFWriter(str(path), "llama")
        writer.add_tensor("w", blocks, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    told = {"gone": "it was there a moment ago", "short": "damaged or not what it seems"}[fault]
    with open_archive(path) as archive:
        path.unlink() if fault == "gone" else os.truncate(path, 500)
        for read in (lambda: list(archive.blocks("w")), lambda: archive.values("w")):
            with pytest.raises(DltuiError, match=told):
                read()


def test_gguf(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf")
    path, draw = tmp_path / "a.gguf", np.random.default_rng(0)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(2)
    writer.add_array("tokenizer.ggml.tokens", [f"token{i}" for i in range(50)])
    writer.add_array("sizes", [1, 2, 3])
    whole = {
        "blk.0.w": draw.normal(size=(4, 64)).astype(np.float32),
        "norm": draw.normal(size=6).astype(np.float16),
    }
    for name, values in whole.items():
        writer.add_tensor(name, values)
    packed = {}
    for kind in (
        gguf.GGMLQuantizationType.Q4_0,
        gguf.GGMLQuantizationType.Q8_0,
        gguf.GGMLQuantizationType.BF16,
    ):
        blocks = gguf.quantize(draw.normal(size=(3, 64)).astype(np.float32), kind)
        packed[f"q.{kind.name}"] = gguf.dequantize(blocks, kind)
        writer.add_tensor(f"q.{kind.name}", blocks, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with open_archive(path) as archive:
        assert archive.format == "gguf"
        same_but_pieces = whole | packed
        assert {one.name for one in archive.entries} == set(same_but_pieces)
        for name, values in same_but_pieces.items():
            np.testing.assert_array_equal(archive.values(name), values)
            assert archive.entry(name).shape == values.shape
            np.testing.assert_array_equal(
                np.concatenate([one.copy() for one in archive.blocks(name, 600)]), values.reshape(-1)
            )
        assert archive.scalars["llama.block_count"] == 2
        assert archive.scalars["tokenizer.ggml.tokens"] == "50 items"
        assert archive.scalars["sizes"] == "[1, 2, 3]"
        assert archive.entry("q.Q4_0").nbytes == 3 * 64 // 32 * 18


def test_onnx(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    def graph(name: str, suffix: str) -> object:
        weight = numpy_helper.from_array(np.full((2, 2), 3, np.float32), f"w_{suffix}")
        constant = helper.make_node(
            "Constant", [], [f"c_{suffix}"], value=numpy_helper.from_array(np.arange(3))
        )
        made = helper.make_node("Add", [f"w_{suffix}", f"w_{suffix}"], [f"y_{suffix}"])
        out = helper.make_tensor_value_info(f"y_{suffix}", TensorProto.FLOAT, [2, 2])
        return helper.make_graph([constant, made], name, [], [out], initializer=[weight])

    spelled = [
        helper.make_tensor("floats", TensorProto.FLOAT, [3], [1.5, -2, 0]),
        helper.make_tensor("int8s", TensorProto.INT8, [3], [-1, 2, 127]),
        helper.make_tensor("longs", TensorProto.INT64, [2, 1], [-5, 2**40]),
        helper.make_tensor("halves", TensorProto.FLOAT16, [2], [0.5, -1]),
        helper.make_tensor("bfloats", TensorProto.BFLOAT16, [2], [0.5, -1]),
        helper.make_tensor("fp8", TensorProto.FLOAT8E4M3FN, [2], [0.5, -1]),
        helper.make_tensor("nibbles", TensorProto.INT4, [3], [-8, 7, 1]),
        helper.make_tensor("doubles", TensorProto.DOUBLE, [], [3.25]),
        numpy_helper.from_array(np.empty((0, 2), np.float32), "none"),
        numpy_helper.from_array(np.array([True, False]), "bools"),
    ]
    nodes = [
        helper.make_node(
            "If", ["bools"], ["y"], name="choice", then_branch=graph("a", "t"), else_branch=graph("b", "e")
        ),
        helper.make_node("Constant", [], ["five"], value_float=5.0),
        helper.make_node("Constant", [], ["ints"], value_ints=[1, -2, 3]),
    ]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 2])
    model = helper.make_model(
        helper.make_graph(nodes, "net", [], [out], initializer=spelled), producer_name="me"
    )
    path = tmp_path / "a.model"
    onnx.save(model, path)
    with open_archive(path) as archive:
        assert archive.format == "onnx"
        expected = {one.name: numpy_helper.to_array(one) for one in spelled}
        for name in ("bfloats", "fp8"):
            expected[name] = expected[name].astype(np.float32)
        expected["nibbles"] = expected["nibbles"].astype(np.int8)
        for suffix, branch in (("t", "then_branch"), ("e", "else_branch")):
            expected[f"choice/{branch}/w_{suffix}"] = np.full((2, 2), 3, np.float32)
            expected[f"choice/{branch}/c_{suffix}"] = np.arange(3)
        expected |= {"five": np.float32(5), "ints": np.array([1, -2, 3])}
        same(archive, expected)
        assert archive.metadata["producer_name"] == "me"
    onnx.save(model, tmp_path / "b.onnx", save_as_external_data=True, location="b.data", size_threshold=0)
    with open_archive(tmp_path / "b.onnx") as archive:
        np.testing.assert_array_equal(
            archive.values("choice/then_branch/w_t"), np.full((2, 2), 3, np.float32)
        )


def test_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    draw = np.random.default_rng(0)
    arrays = {
        "layers/dense/vars/0": draw.normal(size=(6, 4)),
        "layers/dense/vars/1": np.float32(2),
        "packed": np.ones((50, 8)),
    }
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in arrays.items():
            file.create_dataset(name, data=values, compression="gzip" if name == "packed" else None)
        file.attrs["backend"] = "torch"
        file["outside"] = h5py.ExternalLink("/etc/passwd", "/")
        file["soft"] = h5py.SoftLink("/packed")
    with open_archive(tmp_path / "a.h5") as archive:
        assert archive.format == "hdf5"
        same(archive, {name: np.asarray(one) for name, one in arrays.items()})
        assert archive.scalars == {"backend": "torch"}
    import zipfile

    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "a.keras", "w", method) as made:
            made.writestr(
                "config.json", '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}'
            )
            made.write(tmp_path / "a.h5", "model.weights.h5")
        with open_archive(tmp_path / "a.keras") as archive:
            same(archive, {name: np.asarray(one) for name, one in arrays.items()})
            assert "Sequential" in archive.metadata["config"]


def test_headers_need_neither_torch_nor_numpy(tmp_path: Path) -> None:
    save_file(tensors(), tmp_path / "a.safetensors")
    torch.save(tensors(), tmp_path / "a.pt")
    np.savez(tmp_path / "a.npz", a=np.ones(3))
    program = (
        "import sys; from pathlib import Path; from dltui.archives import open_archive\n"
        "for name in sys.argv[1:]: assert open_archive(Path(name)).entries\n"
        "print({'torch', 'numpy'} & set(sys.modules))"
    )
    files = [str(tmp_path / name) for name in ("a.safetensors", "a.pt", "a.npz")]
    done = subprocess.run([sys.executable, "-c", program, *files], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
