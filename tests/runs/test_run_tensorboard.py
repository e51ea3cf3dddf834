"""TensorBoard's event files both ways, witnessed by TensorBoard's own package."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dltui.runs.metrics import Row
from dltui.runs.tensorboard import EventReader, event_runs, write_events
from dltui.runs.tensorboard.crc import crc32c, masked, masked_crcs
from dltui.runs.tensorboard.events import EventParser
from dltui.runs.tensorboard.protobuf import fields, put, put_varint, signed, varint
from dltui.runs.tensorboard.records import RecordReader, framed
from dltui.runs.tensorboard.tags import metric_of, part_of

event_pb2 = pytest.importorskip("tensorboard.compat.proto.event_pb2")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: E402
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # noqa: E402
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c  # noqa: E402
from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: E402
from tensorboard.util.tensor_util import make_tensor_proto  # noqa: E402


def scalar_metadata() -> SummaryMetadata:
    return SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))


def an_event(step: int, *values: Summary.Value, time: float = 100.0) -> bytes:
    made: bytes = event_pb2.Event(
        wall_time=time, step=step, summary=Summary(value=values)
    ).SerializeToString()
    return made


def simple(tag: str, value: float) -> Summary.Value:
    return Summary.Value(tag=tag, simple_value=value)


def write(path: Path, *records: bytes) -> None:
    with path.open("ab") as file:
        for record in records:
            file.write(framed(record))


def test_checksums() -> None:
    known = {
        b"123456789": 0xE3069283,
        bytes(32): 0x8A9136AA,
        b"\xff" * 32: 0x62A8AB43,
        bytes(range(32)): 0x46DD794E,
    }
    for text, crc in known.items():  # RFC 3720, B.4
        assert crc32c(text) == crc
    draw = np.random.default_rng(0)
    data = draw.integers(0, 256, 5_000, dtype=np.uint8)
    for length in (0, 1, 8, 57):
        starts = draw.integers(0, 4_900, 20)
        texts = [data[start : start + length].tobytes() for start in starts]
        expected = [masked_crc32c(text) for text in texts]
        assert [masked(crc32c(text)) for text in texts] == expected
        assert masked_crcs(data, starts, length).tolist() == expected


def test_varints() -> None:
    for value in (0, 1, 127, 128, 300, 2**31, 2**63 - 1, -1, -(2**63)):
        data = put_varint(value)
        assert (signed(varint(data, 0)[0]), varint(data, 0)[1]) == (value, len(data))
    for bad in (b"", b"\x80", b"\x80" * 11 + b"\x01"):
        with pytest.raises(ValueError, match="without an end"):
            varint(bad, 0)
    for bad in (b"\x0a\x05ab", b"\x0b", b"\x09abc"):
        with pytest.raises(ValueError):
            list(fields(bad))


TENSORS = {
    "float": make_tensor_proto(np.float32(0.25)),
    "double": make_tensor_proto(np.float64(1 / 3)),
    "half": make_tensor_proto(np.float16(0.5)),
    "int32": make_tensor_proto(np.int32(-7)),
    "int64": make_tensor_proto(np.int64(2**40)),
    "uint8": make_tensor_proto(np.uint8(200)),
    "bool": make_tensor_proto(True),
    "one of rank 1": make_tensor_proto(np.array([3.5], np.float32)),
    "content": TensorProto(dtype=2, tensor_content=np.float64(2.5).tobytes()),
    "unpacked": TensorProto(dtype=1, float_val=[1.5]),
    "content of integers": TensorProto(dtype=9, tensor_content=np.int64(-5).tobytes()),
}


@pytest.mark.parametrize("name", TENSORS)
def test_scalars_of_every_kind_of_number(name: str) -> None:
    from tensorboard.util.tensor_util import make_ndarray

    tensor = TENSORS[name]
    value = Summary.Value(tag="x", tensor=tensor, metadata=scalar_metadata())
    (found,) = EventParser().event(an_event(3, value)).scalars
    assert found == ("x", float(make_ndarray(tensor).item()))


def test_what_is_no_scalar_is_passed_over() -> None:
    text = Summary.Value(tag="t", tensor=make_tensor_proto("hello"), metadata=SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name="text")))  # fmt: skip
    histogram = Summary.Value(tag="h", tensor=make_tensor_proto(np.zeros((30, 3))), metadata=SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name="histograms")))  # fmt: skip
    curve = Summary.Value(tag="c", tensor=make_tensor_proto(np.float32(1)), metadata=SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name="other")))  # fmt: skip
    old = Summary.Value(tag="o")
    old.histo.bucket.extend([1.0, 2.0])
    parser = EventParser()
    assert parser.event(an_event(1, text, histogram, curve, old, simple("x", 1.0))).scalars == (("x", 1.0),)
    later = Summary.Value(tag="c", tensor=make_tensor_proto(np.float32(2)))  # told only once what it is
    assert parser.event(an_event(2, later)).scalars == ()
    graph = event_pb2.Event(wall_time=1, graph_def=b"g" * 100).SerializeToString()
    assert parser.event(graph).scalars == ()


def test_a_file_of_tensorboards_own_writer_is_read(tmp_path: Path) -> None:
    writer = EventFileWriter(str(tmp_path))
    for step in range(1, 301):
        values = [simple("Loss/train", 1 / step), simple("lr", 0.1)]
        writer.add_event(
            event_pb2.Event(wall_time=1000 + step / 10, step=step, summary=Summary(value=values))
        )
        if step % 100 == 0:
            value = Summary.Value(
                tag="Loss/val", tensor=make_tensor_proto(np.float32(step)), metadata=scalar_metadata()
            )
            event = event_pb2.Event(wall_time=1000 + step / 10, step=step, summary=Summary(value=[value]))
            writer.add_event(event)
    writer.close()
    rows = EventReader(tmp_path).new_rows()
    steps = [row for row in rows if row["kind"] == "step"]
    assert [row["step"] for row in steps] == list(range(1, 301))
    assert [row["loss"] for row in steps] == [float(np.float32(1 / step)) for step in range(1, 301)]
    assert steps[0].keys() == {"kind", "step", "seconds", "loss", "learning_rate"}
    assert [(r["step"], r["test_loss"]) for r in rows if r["kind"] == "eval"] == [
        (100, 100),
        (200, 200),
        (300, 300),
    ]
    times = np.diff([row["seconds"] for row in steps])
    np.testing.assert_allclose(times, 0.1, atol=2e-3)


def test_a_summary_writer_of_torch_is_read_while_it_writes(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    reader = EventReader(tmp_path)
    assert reader.new_rows() == []
    with tensorboard.SummaryWriter(str(tmp_path), flush_secs=600) as writer:
        writer.add_scalar("train/loss", 0.5, 1)
        writer.add_scalar("train/loss", 0.25, 2, new_style=True, double_precision=True)
        writer.add_histogram("weights", np.arange(10.0), 2)
        writer.add_text("note", "hello", 2)
        writer.flush()
        assert [row["loss"] for row in reader.new_rows()] == [0.5, 0.25]
        writer.add_scalar("train/loss", float("nan"), 3)
        writer.add_scalars("Loss", {"val": 0.75}, 3)
        writer.flush()
        for inner in writer.all_writers.values():
            inner.flush()
        found = {(row["kind"], row["step"]): row for row in reader.new_rows()}
        assert found["step", 3]["loss"] is None
        assert found["eval", 3]["test_loss"] == 0.75
        assert reader.new_rows() == []
    with tensorboard.SummaryWriter(str(tmp_path), purge_step=2, filename_suffix=".again") as writer:
        writer.add_scalar("train/loss", 0.125, 2)
    again, row = reader.new_rows()
    assert (again["kind"], again["resumed_from"]) == ("start", 1)
    assert (row["step"], row["loss"]) == (2, 0.125)
    assert reader.remarks == []


ROWS: list[Row] = [
    {"kind": "start", "step": 0, "seconds": 0.0, "parameters": 9},
    *(
        {"kind": "step", "step": s, "seconds": s / 4, "epoch": s / 8, "loss": 1 / s, "learning_rate": 0.5}
        for s in range(1, 41)
    ),
    {"kind": "layers", "step": 40, "seconds": 10.0, "grad_norm": {"fc1": 0.5, "fc2": 2.0}},
    {"kind": "eval", "step": 40, "seconds": 10.25, "test_loss": None, "nonfinite_fields": ["test_loss"], "top5": 0.75},
    {"kind": "eval", "step": 40, "seconds": 10.25, "huge": 1e300, "name": "x"},
    {"kind": "end", "state": "done"},
]  # fmt: skip


def test_what_is_written_tensorboard_reads(tmp_path: Path) -> None:
    path = write_events(ROWS, tmp_path / "new", 5000.0)
    assert path.parent == tmp_path / "new"
    told = EventAccumulator(str(tmp_path / "new")).Reload()
    assert set(told.Tags()["scalars"]) == {
        "loss", "learning_rate", "grad_norm/fc1", "grad_norm/fc2", "test_loss", "top5", "huge",
    }  # fmt: skip
    loss = told.Scalars("loss")
    assert [(s.step, s.wall_time, s.value) for s in loss] == [
        (row["step"], 5000 + row["seconds"], float(np.float32(row["loss"]))) for row in ROWS[1:41]
    ]
    assert math.isnan(told.Scalars("test_loss")[0].value)
    assert told.Scalars("huge")[0].value == math.inf
    assert told.FirstEventTimestamp() == 5000.0


def test_there_and_back_again(tmp_path: Path) -> None:
    write_events(ROWS, tmp_path, 5000.0)
    rows = EventReader(tmp_path).new_rows()
    assert [row["loss"] for row in rows[:40]] == [float(np.float32(1 / step)) for step in range(1, 41)]
    assert [row["seconds"] for row in rows[:40]] == [step / 4 for step in range(1, 41)]
    assert (rows[40]["kind"], rows[40]["grad_norm"]) == ("layers", {"fc1": 0.5, "fc2": 2.0})
    (held_out,) = (row for row in rows if row["kind"] == "eval")
    assert held_out == {"kind": "eval", "step": 40, "seconds": 10.25, "test_loss": None}


def test_a_torn_record_is_waited_for(tmp_path: Path) -> None:
    records = [framed(an_event(step, simple("loss", step))) for step in range(1, 6)]
    whole = b"".join(records)
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(b"")
    reader, found = EventReader(tmp_path), []
    for end in range(1, len(whole) + 1, 7):
        path.write_bytes(whole[:end])
        found += [row["step"] for row in reader.new_rows()]
        assert found == list(range(1, 1 + sum(end >= sum(map(len, records[: n + 1])) for n in range(5))))
    path.write_bytes(whole)
    reader.new_rows()
    assert reader.remarks == []


def test_damage_is_told_and_costs_no_more_than_it_must(tmp_path: Path) -> None:
    records = [framed(an_event(step, simple("loss", step))) for step in range(1, 31)]
    path = tmp_path / "events.out.tfevents.1.host"
    broken = bytearray(b"".join(records))
    broken[len(records[0]) + 20] ^= 1  # within the second record
    path.write_bytes(bytes(broken))
    reader = EventReader(tmp_path)
    assert [row["step"] for row in reader.new_rows()] == [1, *range(3, 31)]
    assert reader.remarks == [f"{path} holds damaged records, which are passed over"]
    assert reader.new_rows() == []
    assert len(reader.remarks) == 1
    broken[len(records[0]) + 1] ^= 1  # a length
    path.write_bytes(bytes(broken))
    reader = EventReader(tmp_path)
    assert [row["step"] for row in reader.new_rows()] == [1]
    assert reader.remarks == [
        f"{path} is damaged after {len(records[0])} bytes: what follows there can't be read"
    ]
    path.write_bytes(b"this is no file of events at all, whatever its name says")
    reader = EventReader(tmp_path)
    assert reader.new_rows() == []
    assert "is damaged after 0 bytes" in reader.remarks[0]
    path.write_bytes(framed(b"\x0a\xff") + records[0])
    assert [row["step"] for row in EventReader(tmp_path).new_rows()] == [1]


def test_large_records_and_long_files(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1.host"
    picture = Summary.Value(tag="image")
    picture.image.encoded_image_string = b"x" * 3_000_000
    write(path, an_event(1, simple("loss", 1.0)), an_event(1, picture), an_event(2, simple("loss", 2.0)))
    with path.open("ab") as file:
        file.writelines(framed(an_event(step, simple("loss", step))) for step in range(3, 30_000))
    records = RecordReader(path)
    assert sum(map(len, records.blocks())) == 30_000
    assert records.place == path.stat().st_size
    assert [row["step"] for row in EventReader(tmp_path).new_rows()] == list(range(1, 30_000))


def test_folders_of_trainings(tmp_path: Path) -> None:
    def made(name: str, tag: str) -> None:
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        write(tmp_path / name / "events.out.tfevents.1.host", an_event(1, simple(tag, 1.0)))

    made("keras/train", "epoch_loss")
    made("keras/validation", "epoch_loss")
    made("torch/run1", "Loss/train")
    made("torch/run1/Loss_val", "Loss")
    made("torch/run2", "loss")
    (tmp_path / "empty").mkdir()
    assert [path.name for path in event_runs(tmp_path)] == ["keras", "run1", "run2"]
    rows = EventReader(tmp_path / "keras").new_rows()
    assert [{**row, "seconds": 0} for row in rows] == [
        {"kind": "eval", "step": 1, "seconds": 0, "train_loss": 1.0},
        {"kind": "eval", "step": 1, "seconds": 0, "test_loss": 1.0},
    ]
    assert [row.get("test_loss") for row in EventReader(tmp_path / "torch" / "run1").new_rows()] == [
        None,
        1.0,
    ]
    assert event_runs(tmp_path / "nowhere") == []
    assert EventReader(tmp_path / "nowhere").new_rows() == []


@pytest.mark.parametrize(
    ("tag", "part", "wanted"),
    [
        ("loss", "", ("step", "loss")),
        ("Loss/train", "", ("step", "loss")),
        ("train/loss", "", ("step", "loss")),  # Hugging Face
        ("eval/loss", "", ("eval", "test_loss")),
        ("train/learning_rate", "", ("step", "learning_rate")),
        ("train/grad_norm", "", ("step", "grad_norm")),
        ("train/epoch", "", ("step", "epoch")),
        ("train_loss_step", "", ("step", "loss")),  # Lightning
        ("train_loss_epoch", "", ("eval", "train_loss")),
        ("val_acc", "", ("eval", "test_accuracy")),
        ("epoch_loss", "train", ("eval", "train_loss")),  # Keras
        ("epoch_accuracy", "validation", ("eval", "test_accuracy")),
        ("evaluation_loss_vs_iterations", "validation", ("eval", "test_loss")),
        ("valid/ppl", "", ("eval", "test_perplexity")),
        ("lr-Adam", "", ("step", "lr-Adam")),
        ("val/f1", "", ("eval", "val/f1")),
        ("rollout/ep_rew_mean", "", ("step", "rollout/ep_rew_mean")),
        ("epoch_custom", "train", ("step", "train/epoch_custom")),
    ],
)  # fmt: skip
def test_tags(tag: str, part: str, wanted: tuple[str, str]) -> None:
    assert metric_of(tag, part) == wanted


def test_two_tags_of_one_quantity_stay_two(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1.host"
    write(path, an_event(1, simple("train/loss", 1.0), simple("loss", 2.0)), an_event(2, simple("loss", 3.0)))
    first, second = EventReader(tmp_path).new_rows()
    assert (first["loss"], first["loss 2"], second["loss 2"]) == (1.0, 2.0, 3.0)
    assert "loss" not in second
    assert [part_of(name) for name in ("train", "Loss_val", "runs")] == ["train", "val", ""]


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, dltui.runs.tensorboard as t; t.EventReader; "
        "assert not {'torch', 'tensorboard', 'google.protobuf'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_event_of_bytes_is_what_protobuf_says() -> None:
    from dltui.runs.tensorboard.events import first_event, scalar_event

    event = event_pb2.Event.FromString(scalar_event(12.5, -3, {"a/b": 0.5, "ü": -1.0}))
    assert (event.wall_time, event.step) == (12.5, -3)
    assert [(value.tag, value.simple_value) for value in event.summary.value] == [("a/b", 0.5), ("ü", -1.0)]
    assert event_pb2.Event.FromString(first_event(2)).file_version == "brain.Event:2"
    assert put(1, 2.0) == event_pb2.Event(wall_time=2.0).SerializeToString()
