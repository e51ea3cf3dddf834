"""Statistics of whole files, beside torch's of the same tensors."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dltui.archives import Archive, Entry, open_archive
from dltui.errors import Cancelled, DltuiError
from dltui.instruments.weights import find_tensor, open_source, readings, survey, with_spectra
from dltui.instruments.weights.halves import HalfSummer
from dltui.instruments.weights.moments import Moments
from dltui.instruments.weights.reading import Reading, read_tensor
from dltui.instruments.weights.source import Held
from dltui.results import load
from dltui.results.weights import PROBABILITIES, WeightSurvey

TYPES = {
    "f64": torch.float64,
    "f32": torch.float32,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "e4m3": torch.float8_e4m3fn,
    "e5m2": torch.float8_e5m2,
}


def set_readings(monkeypatch: pytest.MonkeyPatch, **parts: object) -> None:
    for name, value in parts.items():
        monkeypatch.setattr(readings, name, value)


def small_tensors(folder: Path, count: int) -> Archive:
    save_file({f"t{i}": torch.ones(3) for i in range(count)}, folder / "many.safetensors")
    return open_archive(folder / "many.safetensors")


def enough(*_: object) -> None:
    raise Cancelled("enough")


def read(path: Path) -> WeightSurvey:
    with open_archive(path) as archive:
        return survey(archive, str(path))


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    found = {
        f"layer.{name}": torch.randn(40, 50, generator=generator).to(dtype) for name, dtype in TYPES.items()
    }
    sparse = torch.randn(300, 100, generator=generator)
    sparse[sparse.abs() < 1] = 0
    bad = torch.randn(9, generator=generator)
    bad[0], bad[1], bad[2] = float("nan"), float("inf"), -float("inf")
    return found | {
        "sparse": sparse,
        "bad": bad,
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 4),
        "count": torch.tensor([1, 2, 4]),
        "mask": torch.tensor([True, False]),
        "größe": torch.ones(2),
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> WeightSurvey:
    path = tmp_path_factory.mktemp("weights") / "all.safetensors"
    save_file(tensors(), path)
    return read(path)


@pytest.mark.parametrize("name", list(tensors()))
def test_every_tensor_is_told_as_torch_has_it(found: WeightSurvey, name: str) -> None:
    told = next(one for one in found.summary()["tensors"] if one["name"] == name)
    tensor = tensors()[name].double()
    finite = tensor[torch.isfinite(tensor)]
    assert told["shape"] == list(tensor.shape)
    assert told["elements"] == tensor.numel()
    assert told["nans"] == int(tensor.isnan().sum())
    assert told["infs"] == int(tensor.isinf().sum())
    assert told["zeros"] == int((tensor == 0).sum())
    if not finite.numel():
        assert told["mean"] is None
        return
    size = float(finite.abs().max()) or 1.0
    assert told["min"] == float(finite.min())
    assert told["max"] == float(finite.max())
    assert told["mean"] == pytest.approx(float(finite.mean()), abs=1e-7 * size)
    assert told["std"] == pytest.approx(float(finite.std(correction=0)), abs=1e-6 * size)
    assert told["norm"] == pytest.approx(float(finite.norm()), rel=1e-6)
    if tensor.numel() <= 1 << 14:
        expected = np.quantile(finite.numpy(), PROBABILITIES)
        np.testing.assert_allclose(list(told["quantiles"].values()), expected, rtol=1e-6, atol=1e-7)
        assert told["quantile_rank_error"] == 0
    else:
        assert 0 < told["quantile_rank_error"] < 0.01


def test_totals_and_what_is_wrong_are_told(found: WeightSurvey) -> None:
    told = found.summary()
    assert told["tensor_count"] == len(tensors())
    assert told["elements"] == sum(tensor.numel() for tensor in tensors().values())
    assert told["bytes"] == sum(tensor.numel() * tensor.element_size() for tensor in tensors().values())
    weights = [tensor.double() for tensor in tensors().values() if tensor.is_floating_point()]
    squares = sum(float((tensor[torch.isfinite(tensor)] ** 2).sum()) for tensor in weights)
    assert told["norm"] == pytest.approx(squares**0.5, rel=1e-6)  # counters and masks are left out
    assert "NaN or ∞ in bad" in found.figures()[0].caption
    assert found.complete


FORKS = pytest.mark.filterwarnings(
    "ignore:.*fork.*:DeprecationWarning"
)  # what the copies do needs no other thread


@FORKS
@pytest.mark.parametrize("alone", [True, False], ids=["by processes", "by threads"])
def test_a_file_read_by_several_at_a_time_tells_the_same(
    alone: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_readings(monkeypatch, LEAST=1 << 20, cores=lambda: 3, _alone=lambda: alone)
    generator = torch.Generator().manual_seed(1)
    many = {f"t{i}": torch.randn(200_000 + i, generator=generator) * (i + 1) for i in range(18)}
    save_file(many, tmp_path / "many.safetensors")
    told = read(tmp_path / "many.safetensors")
    assert told.known.all()
    for place, name in enumerate(told.names):
        assert told.std[place] == pytest.approx(float(many[name].double().std(correction=0)), rel=1e-6)
        assert told.high[place] == float(many[name].max())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_halves_are_read_off_their_bits(
    dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["dltui.instruments.weights.reading"], "PIECE", 1 << 17)
    tensor = (torch.randn(333, 500, generator=torch.Generator().manual_seed(2)) * 0.1).to(dtype)
    tensor[7, 7], tensor[300, 3] = 0, -0.0
    save_file({"w": tensor}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text("{}")
    alone, folder = read(tmp_path / "model.safetensors"), read(tmp_path)  # a folder is an archive of archives
    exact = tensor.double()
    for told in (alone, folder):
        assert (told.low[0], told.high[0], told.zeros[0]) == (
            float(exact.min()),
            float(exact.max()),
            int((exact == 0).sum()),
        )
        assert told.std[0] == pytest.approx(float(exact.std(correction=0)), rel=1e-6)
        assert told.norm[0] == pytest.approx(float(exact.norm()), rel=1e-6)
        ordered = np.sort(exact.numpy().ravel())
        ranks = np.searchsorted(ordered, told.quantiles[0]) / ordered.size
        np.testing.assert_allclose(ranks, PROBABILITIES, atol=5 * told.rank_error[0])


def test_tied_tensors_are_read_once_and_counted_once(tmp_path: Path) -> None:
    weight = torch.randn(30, 20)
    torch.save({"embed.weight": weight, "head.weight": weight, "bias": torch.zeros(30)}, tmp_path / "tied.pt")
    told = read(tmp_path / "tied.pt")
    assert told.shared == ["", "embed.weight", ""]
    assert told.summary()["elements"] == 630
    assert told.total_norm == pytest.approx(float(weight.norm()), rel=1e-6)
    assert told.norm[0] == told.norm[1]
    assert "share their numbers" in told.figures()[0].caption
    assert "all 0: bias" in told.figures()[0].caption


def test_a_norm_whose_square_overflows_is_told(tmp_path: Path) -> None:
    wide = {
        "a": torch.full((3,), 1e200, dtype=torch.float64),
        "b": torch.tensor([4e200], dtype=torch.float64),
    }
    save_file(wide, tmp_path / "wide.safetensors")
    told = read(tmp_path / "wide.safetensors")
    assert told.total_norm == pytest.approx(19**0.5 * 1e200)
    assert told.figures()


def test_a_model_in_memory_is_an_archive_too() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).bfloat16()
    model[1].weight = model[0].bias
    held = Held("net", model.state_dict())
    told = survey(held, "net")
    assert told.shared[told.names.index("1.weight")] == "0.bias"
    assert told.dtypes[0] == "bfloat16"
    assert told.norm[0] == pytest.approx(float(model[0].weight.detach().double().norm()))


def test_it_saves_and_loads(found: WeightSurvey, tmp_path: Path) -> None:
    found.save(tmp_path / "kept.safetensors")
    again = load(tmp_path / "kept.safetensors")
    assert json.dumps(again.summary()) == json.dumps(found.summary())
    assert [one.words() for one in again.figures()] == [one.words() for one in found.figures()]


def test_what_is_known_in_the_middle_can_be_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["dltui.instruments.weights.survey"], "PAUSE", -1.0)
    save_file({f"t{i}": torch.ones(3) * i for i in range(5)}, tmp_path / "few.safetensors")
    partials: list[WeightSurvey] = []

    def report(done: int, total: int, partial: object = None) -> None:
        assert isinstance(partial, WeightSurvey)
        partials.append(partial)
        if len(partials) == 3:
            raise Cancelled("enough")

    with open_archive(tmp_path / "few.safetensors") as archive, pytest.raises(Cancelled):
        survey(archive, "few", report=report)
    assert [int(one.known.sum()) for one in partials] == [1, 2, 3]
    assert "1 of 5 tensors so far" in partials[0].figures()[0].caption
    assert not partials[0].summary()["complete"]


@pytest.mark.parametrize("share", [1, 600], ids=["of one tensor", "of fifty"])
def test_threads_stop_when_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: int) -> None:
    begun: list[str] = []

    def slowly(archive: Archive, entry: Entry, summer: HalfSummer) -> Reading:
        begun.append(entry.name)
        time.sleep(0.002)
        return read_tensor(archive, entry, summer)

    set_readings(monkeypatch, SHARE=share, cores=lambda: 2, read_tensor=slowly)
    with small_tensors(tmp_path, 300) as archive, pytest.raises(Cancelled):
        survey(archive, "many", report=enough)
    assert 0 < len(begun) < 200


@FORKS
@pytest.mark.parametrize("fault", ["a sentence", "an end from outside"])
def test_what_goes_wrong_in_a_process_is_told(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(archive: Archive, entry: Entry, summer: HalfSummer) -> Reading:
        if entry.name == "t7" and fault == "a sentence":
            raise DltuiError("t7 can't be read")
        if entry.name == "t7":
            os.kill(os.getpid(), signal.SIGKILL)
        return read_tensor(archive, entry, summer)

    set_readings(monkeypatch, SHARE=1, cores=lambda: 2, _alone=lambda: True, read_tensor=fails)
    said = "t7 can't be read" if fault == "a sentence" else "ended from outside"
    with small_tensors(tmp_path, 30) as archive, pytest.raises(DltuiError, match=said):
        survey(archive, "many")
    assert not multiprocessing.active_children()


@FORKS
def test_processes_end_when_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_readings(monkeypatch, SHARE=1, cores=lambda: 2, _alone=lambda: True)
    with small_tensors(tmp_path, 30) as archive, pytest.raises(Cancelled):
        survey(archive, "many", report=enough)
    assert not multiprocessing.active_children()


class Crowd(Archive):
    """A hundred thousand small tensors whose numbers nobody reads."""

    forkable = True

    def __init__(self) -> None:
        super().__init__(
            Path("crowd"), "made", [Entry(f"t{i}", (64,), "float32", 256) for i in range(100_000)]
        )

    def values(self, name: str) -> np.ndarray:
        raise NotImplementedError


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raise what nobody catches where this takes longer."""

    def late(*_: object) -> None:
        raise TimeoutError(f"nothing came for {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@FORKS
def test_more_small_tensors_than_a_pipe_holds_the_names_of(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(Moments(), np.zeros(3), np.zeros(3), 0, 0.0)
    wanted = {"LEAST": 1, "cores": lambda: 2, "_alone": lambda: True, "read_tensor": lambda *_: reading}
    for name, value in wanted.items():
        monkeypatch.setattr(readings, name, value)
    with at_most(60):
        found = [place for place, _ in readings.readings(Crowd())]
    assert sorted(found) == list(range(100_000))


def test_a_process_of_a_pool_starts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr("threading.active_count", lambda: 1)
    assert readings._alone() is (sys.platform == "linux")
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "daemon", True)
    assert not readings._alone()


@FORKS
def test_threads_read_where_there_is_no_room_for_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    for name, value in {"SHARE": 1, "cores": lambda: 2, "_alone": lambda: True}.items():
        monkeypatch.setattr(readings, name, value)
    monkeypatch.setattr("multiprocessing.context.ForkProcess.start", full)
    save_file({f"t{i}": torch.ones(3) for i in range(30)}, tmp_path / "many.safetensors")
    assert read(tmp_path / "many.safetensors").known.all()


@FORKS
def test_an_interrupt_while_processes_start_is_for_the_first_alone(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from multiprocessing.process import BaseProcess

    def interrupted(self: BaseProcess) -> int:
        os.kill(os.getpid(), signal.SIGINT)  # as soon as the copy is there
        return run(self)

    run = BaseProcess.run
    monkeypatch.setattr(BaseProcess, "run", interrupted)
    with readings._forked(lambda share: [(place, None) for place in share], [[1], [2]], 2) as ours:
        assert sorted(readings._by_processes(ours, 2)) == [(1, None), (2, None)]
    assert capfd.readouterr().err == ""


def test_spectra_of_every_matrix(tmp_path: Path) -> None:
    save_file({"w": torch.diag(torch.arange(1.0, 31)), "b": torch.ones(4), "nan": torch.full((3, 3), torch.nan)},
              tmp_path / "w.safetensors")  # fmt: skip
    with open_archive(tmp_path / "w.safetensors") as archive:
        told = with_spectra(archive, survey(archive, "w"))
    by_name = {one["name"]: one["spectrum"] for one in told.summary()["tensors"]}
    assert by_name["b"] is None
    assert by_name["nan"] is None
    assert by_name["w"]["largest"] == pytest.approx(30)
    assert by_name["w"]["stable_rank"] == pytest.approx(sum(i * i for i in range(1, 31)) / 900)
    assert by_name["w"]["alpha"] > 1
    assert [one.title.split(" · ")[0] for one in told.figures()][3:5] == ["α by tensor", "Spectra"]


def test_tensors_are_found_by_the_end_of_their_names(tmp_path: Path) -> None:
    save_file(
        {"a.fc.weight": torch.ones(1), "b.fc.weight": torch.ones(1), "b.bias": torch.ones(1)},
        tmp_path / "n.safetensors",
    )
    with open_archive(tmp_path / "n.safetensors") as archive:
        assert find_tensor(archive, "bias") == "b.bias"
        assert find_tensor(archive, "a.fc.weight") == "a.fc.weight"
        with pytest.raises(DltuiError, match=r"2 tensors are called fc\.weight"):
            find_tensor(archive, "fc.weight")
        with pytest.raises(DltuiError, match="did you mean"):
            find_tensor(archive, "b.fc.weights")


def test_a_file_without_tensors_is_refused(tmp_path: Path) -> None:
    save_file({}, tmp_path / "none.safetensors")
    with (
        open_archive(tmp_path / "none.safetensors") as archive,
        pytest.raises(DltuiError, match="no tensors"),
    ):
        survey(archive, "none")


def test_a_spelling_that_names_nothing_is_refused() -> None:
    with pytest.raises(DltuiError, match="no file missing/w.pt: expected weights"):
        open_source("missing/w.pt")
    with pytest.raises(DltuiError, match="did you mean"):
        open_source("lenett")
    with pytest.raises(DltuiError, match="dltui inspect hf:org/name"):
        open_source("hf:org/name")


def test_spectra_of_huge_matrices_are_those_of_any_other(tmp_path: Path) -> None:
    weight = torch.randn(300, 290, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    save_file({"one": weight, "other": weight * 2.0**700}, tmp_path / "w.safetensors")
    with open_archive(tmp_path / "w.safetensors") as archive:
        one, other = with_spectra(archive, survey(archive, "w")).spectra
    np.testing.assert_allclose(other, one * [1, 2.0**700, 1, 1, 1], rtol=1e-6)
