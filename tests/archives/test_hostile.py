"""Files that lie, swell or want to run code: refused with one line, nothing of them executed."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors
from safetensors.torch import save_file

from dltui.archives import open_archive
from dltui.errors import DltuiError


class Caller:
    """Something whose pickle calls a function when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.path}",)


def header(told: object, room: int = 0) -> bytes:
    text = told if isinstance(told, bytes) else json.dumps(told).encode()
    return struct.pack("<Q", len(text)) + text + bytes(room)


def one(dtype: str = "F32", shape: object = (2,), at: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": at}


WRONG_HEADERS = {
    "longer than the file": struct.pack("<Q", 1 << 60) + b"{}" + bytes(20),
    "no JSON": header(b"{" + b"x" * 50),
    "deep": header(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "overlap": header({"a": one(), "b": one(at=(4, 12))}, 12),
    "hole": header({"a": one(), "b": one(at=(12, 20))}, 20),
    "past the end": header({"a": one()}, 4),
    "rest": header({"a": one()}, 12),
    "other size": header({"a": one(shape=(3,))}, 8),
    "negative": header({"a": one(shape=(-2, -1))}, 8),
    "float": header({"a": one(shape=(2.0,))}, 8),
    "huge": header({"a": one(shape=(1 << 62, 1 << 62), at=(0, 8))}, 8),
    "unknown type": header({"a": one(dtype="F33")}, 8),
    "twice": header(
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        8,
    ),
    "remarks": header({"__metadata__": {"a": 1}, "a": one()}, 8),
    "backwards": header({"a": one(at=(8, 0))}, 8),
}


@pytest.mark.parametrize("name", WRONG_HEADERS)
def test_safetensors_refuses_what_its_own_library_refuses(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.safetensors").write_bytes(WRONG_HEADERS[name])
    if name != "twice":  # its own library takes the last of two that have one name
        with pytest.raises(SafetensorError):
            load_safetensors(WRONG_HEADERS[name])
    with pytest.raises(DltuiError) as refused:
        open_archive(tmp_path / "a.safetensors")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def swollen_zip(path: Path) -> None:
    """Write a pickle of a gigabyte of nothing in a megabyte."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
        made.open("a/data.pkl", "w", force_zip64=True) as out,
    ):
        out.write(b"\x80\x02")
        for _ in range(300):
            out.write(bytes(1_000_000))


def long_memo(path: Path) -> None:
    """Write a pickle that makes C's unpickler reserve gigabytes for its memo."""
    body = b"\x80\x02N" + b"r" + struct.pack("<I", 0x3FFFFFFF) + b"."
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a/data.pkl", body)


def laughing(path: Path) -> None:
    """Write lists that hold the same lists again and again: 2^60 values in a few hundred bytes."""
    value: object = [1.5, torch.ones(1)]
    for _ in range(50):
        value = [value, value]
    torch.save(value, path)


def endless(path: Path) -> None:
    """Write a list that holds itself."""
    value: list[object] = [torch.ones(1)]
    value.append(value)
    torch.save(value, path)


def many_lists(path: Path) -> None:
    """Write a pickle of thirty million empty lists."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a/data.pkl", b"\x80\x02(" + b"]" * 30_000_000 + b"t.")


def many_names(path: Path) -> None:
    """Write a header of a million tensors."""
    told = b",".join(b'"%07d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % i for i in range(1_000_000))
    path.write_bytes(header(b"{" + told + b"}"))


def claimed_zip(path: Path) -> None:
    """Write a directory that claims 60,000 members and lies over itself."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a/data.pkl", b"x" * 100)
        made.writestr("a/data/0", b"y" * 100)
    raw = bytearray(path.read_bytes())
    first = raw.index(b"PK\x01\x02")
    second = raw.index(b"PK\x01\x02", first + 4)
    raw[second + 42 : second + 46] = struct.pack("<I", 10)
    path.write_bytes(raw)


def gguf(path: Path, **changes: int) -> None:
    """Write a GGUF header with one thing wrong."""
    told = {
        "version": 3,
        "tensors": 1,
        "values": 0,
        "text": 1,
        "axes": 1,
        "size": 32,
        "kind": 0,
        "offset": 0,
    } | changes
    body = b"GGUF" + struct.pack("<IQQ", told["version"], told["tensors"], told["values"])
    body += struct.pack("<Q", told["text"]) + b"w" + struct.pack("<I", told["axes"])
    body += struct.pack("<QIQ", told["size"], told["kind"], told["offset"])
    path.write_bytes(body + bytes(200))


def tensor_elsewhere(path: Path) -> None:
    """Write an ONNX model whose numbers are said to be in a file of the system."""
    onnx = pytest.importorskip("onnx")
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[2], data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../../../etc/passwd")
    model = onnx.ModelProto(ir_version=8, graph=onnx.GraphProto(name="g", initializer=[tensor]))
    path.write_bytes(model.SerializeToString())


def field(number: int, body: bytes) -> bytes:
    """Return a field of a protocol buffer."""
    length, size = bytearray(), len(body)
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2]) + bytes(length) + bytes([size]) + body


def nested_graphs(path: Path) -> None:
    """Write an ONNX model of graphs within graphs within graphs."""
    graph = b""
    for _ in range(5000):
        graph = field(1, field(4, b"If") + field(5, field(1, b"then_branch") + field(6, graph)))
    path.write_bytes(b"\x08\x08" + field(7, graph))


def columns_of_garbage(path: Path) -> None:
    """Write bytes that could be anything."""
    path.write_bytes(b"\x08\x07" + np.random.default_rng(0).bytes(100_000))


def short_npz(path: Path) -> None:
    """Write an array whose header claims more than there is."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)})
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.npy", out.getvalue() + bytes(64))


HOSTILE: dict[str, Callable[[Path], None]] = {
    "zip bomb": swollen_zip,
    "memo bomb": long_memo,
    "billion laughs": laughing,
    "endless list": endless,
    "many lists": many_lists,
    "many tensors": many_names,
    "overlapping zip": claimed_zip,
    "external onnx": tensor_elsewhere,
    "nested onnx": nested_graphs,
    "garbage": columns_of_garbage,
    "short npz": short_npz,
    "gguf version": lambda path: gguf(path, version=9),
    "gguf tensors": lambda path: gguf(path, tensors=1 << 50),
    "gguf values": lambda path: gguf(path, values=1 << 50),
    "gguf text": lambda path: gguf(path, text=1 << 60),
    "gguf axes": lambda path: gguf(path, axes=1 << 30),
    "gguf size": lambda path: gguf(path, size=1 << 62),
    "gguf type": lambda path: gguf(path, kind=777),
    "gguf offset": lambda path: gguf(path, offset=1 << 62),
}
MEASURED = """
import sys, time
from pathlib import Path
from dltui.archives import open_archive
from dltui.errors import DltuiError
told = {}
for name in sys.argv[1:]:
    started = time.process_time()
    try:
        archive = open_archive(Path(name))
        told[name] = "opened " + str(len(archive.entries))
    except DltuiError as error:
        told[name] = str(error)
    seconds = time.process_time() - started
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
    print(seconds, int(peak) // 1024, told[name], sep="\\t")
"""


def test_hostile_files_cost_little(tmp_path: Path) -> None:
    files = []
    for name, write in HOSTILE.items():
        path = tmp_path / name.replace(" ", "-")
        write(path)
        files.append(path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, files)], capture_output=True, text=True, check=True
    )
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(lines) == len(files), done.stderr
    for path, (seconds, megabytes, told) in zip(files, lines, strict=True):
        if path.name == "memo-bomb":  # harmless here: it holds nothing
            continue
        assert not told.startswith("opened"), path.name
        assert float(seconds) < 5, (path.name, seconds)  # a second on an idle machine
        assert int(megabytes) < 200, (path.name, megabytes)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("where", ["zip", "legacy", "bare"])
def test_pickles_that_call_are_refused_with_what_they_want(tmp_path: Path, where: str, protocol: int) -> None:
    path, mark = tmp_path / "a.pt", tmp_path / "executed"
    state = {"w": torch.ones(2), "x": Caller(mark), "y": np.float64(3)}
    if where == "bare":
        path.write_bytes(pickle.dumps(state | {"w": 1}, protocol=protocol))
    else:
        torch.save(
            state, path, pickle_protocol=max(protocol, 2), _use_new_zipfile_serialization=where == "zip"
        )
    with pytest.raises(DltuiError) as refused:
        open_archive(path)
    told = str(refused.value)
    assert "posix.system" in told
    assert ".scalar" in told  # numpy's own: every name is told, not only the first
    assert "\n" not in told
    assert not mark.exists()


def test_a_pickled_module_is_refused_as_torch_refuses_it(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "a.pt")
    with pytest.raises(DltuiError, match=r"torch\.nn\.modules\.linear\.Linear"):
        open_archive(tmp_path / "a.pt")


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([Caller(tmp_path / "executed")], dtype=object), allow_pickle=True)
    with pytest.raises(DltuiError, match="array of Python objects"):
        open_archive(tmp_path / "a.npz")
    assert not (tmp_path / "executed").exists()


def cut(path: Path, tmp_path: Path) -> list[DltuiError]:
    """Open a file cut short at many places; each time one sentence must come."""
    raw, told = path.read_bytes(), []
    for end in sorted({
        *range(0, min(len(raw), 600), 7),
        *range(0, len(raw), max(1, len(raw) // 40)),
        len(raw) - 1,
    }):
        (tmp_path / "cut").write_bytes(raw[:end])
        with pytest.raises(DltuiError) as refused:
            open_archive(tmp_path / "cut")
        told.append(refused.value)
    return told


@pytest.mark.parametrize("kind", ["safetensors", "zip", "legacy", "npz", "gguf"])
def test_files_cut_short_are_refused(tmp_path: Path, kind: str) -> None:
    path, state = tmp_path / "whole", {"a": torch.randn(20, 10), "b": torch.randn(30)}
    if kind == "safetensors":
        save_file(state, path)
    elif kind == "npz":
        np.savez(path, **{name: one.numpy() for name, one in state.items()})
        path = path.with_suffix(".npz")
    elif kind == "gguf":
        gguf(path)
        path.write_bytes(path.read_bytes()[:192])  # the numbers end where the file does
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "zip")
    assert open_archive(path).entries
    for error in cut(path, tmp_path):
        assert "\n" not in str(error)


def test_bytes_changed_at_random_never_crash(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    originals = []
    for number, write in enumerate((
        save_file,
        torch.save,
        lambda s, p: torch.save(s, p, _use_new_zipfile_serialization=False),
    )):
        write({"a": torch.randn(3, 4), "b": torch.randn(2)}, tmp_path / f"{number}")
        originals.append((tmp_path / f"{number}").read_bytes())
    gguf(tmp_path / "g")
    originals.append((tmp_path / "g").read_bytes())
    sentences = []
    for raw in originals:
        for _ in range(150):
            changed = bytearray(raw)
            for place in draw.integers(0, min(len(raw), 900), 3):
                changed[place] = draw.integers(256)
            (tmp_path / "changed").write_bytes(changed)
            try:
                with open_archive(tmp_path / "changed") as archive:
                    for entry in archive.entries:
                        if entry.nbytes < 10_000:
                            archive.values(entry.name)
            except DltuiError as error:
                sentences.append(str(error))
    assert sentences
    assert not any("\n" in one for one in sentences)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x1f\x8b" + bytes(30), "gzip"),
        (b"hello, this is a text of some length, no weights", "holds no weights"),
        (b'{"a": 1}', "without a weight_map"),
    ],
)
def test_what_people_take_for_weights(tmp_path: Path, raw: bytes, told: str) -> None:
    (tmp_path / "model.safetensors").write_bytes(raw)
    with pytest.raises(DltuiError, match=told):
        open_archive(tmp_path / "model.safetensors")
