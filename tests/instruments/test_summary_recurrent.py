"""What recurrent layers keep on meta: what the CPU saves, with the workspace of oneDNN's kernel to the byte."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent))

from test_summary_memory import saved_on_the_cpu

from dltui.instruments.summary import summarize
from dltui.instruments.summary import workspace as module
from dltui.instruments.summary.workspace import laid_out, workspace_bytes
from dltui.results.summary import Summary

KINDS = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
TYPES = [torch.float32, torch.float32, torch.float64, torch.bfloat16, torch.float16]


class Behind(nn.Module):
    """A recurrent layer behind a linear one, whose output it may have to copy."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.first, self.layer = nn.Linear(layer.input_size, layer.input_size), layer

    def forward(self, x: Tensor) -> Any:
        return self.layer(self.first(x).relu())


@st.composite
def recurrent(draw: st.DrawFn) -> tuple[nn.Module, Tensor]:
    """Draw a layer of any kind, at odd sizes, and its input."""
    kind = draw(st.sampled_from(["LSTM", "LSTM", "GRU", "RNN"]))
    size, hidden = draw(st.integers(1, 80)), draw(st.sampled_from([2, 7, 33, 64, 130]))
    options: dict[str, Any] = {
        "num_layers": draw(st.integers(1, 3)),
        **{name: draw(st.booleans()) for name in ("bias", "batch_first", "bidirectional")},
    }
    if options["num_layers"] > 1:
        options["dropout"] = draw(st.sampled_from([0.0, 0.3]))
    if kind == "LSTM":
        options["proj_size"] = draw(st.sampled_from([0, 0, 1]))
    if kind == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    dtype = draw(st.sampled_from(TYPES))
    model = KINDS[kind](size, hidden, **options)
    shape = draw(st.sampled_from([(5, size), (3, 4, size), (1, 2, size), (4, 1, size)]))
    return (Behind(model) if draw(st.booleans()) else model).to(dtype), torch.zeros(shape, dtype=dtype)


def assert_same_as_on_the_cpu(model: nn.Module, x: Tensor, mode: str) -> Summary:
    """Hold a summary on meta against one on the CPU, and what is kept against what autograd saves."""
    found = summarize(model, input_data=x, mode=mode)
    real = summarize(model, input_data=x, mode=mode, device="cpu")
    assert (found.device, found.remarks) == ("meta", [])
    assert found.kept_bytes == real.kept_bytes == saved_on_the_cpu(model, (x,), mode)
    assert found.peak_bytes == real.peak_bytes
    told = ("outputs", "macs", "bias_adds", "pointwise", "activation_bytes")
    assert [[row[key] for key in told] for row in found.rows] == [
        [row[key] for key in told] for row in real.rows
    ]
    return found


@settings(max_examples=40, deadline=None, database=None)
@given(case=recurrent(), mode=st.sampled_from(["train", "eval"]))
def test_layers_keep_what_the_cpu_saves(case: tuple[nn.Module, Tensor], mode: str) -> None:
    assert_same_as_on_the_cpu(*case, mode)


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_layers_without_onednn_and_without_gradients(kind: str) -> None:
    class Quiet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.head = KINDS[kind](6, 8, bidirectional=True), nn.Linear(16, 3)

        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                out = self.layer(x)[0]
            return self.head(out)

    assert_same_as_on_the_cpu(Quiet(), torch.zeros(5, 2, 6), "train")
    frozen = KINDS[kind](6, 8, bidirectional=True).requires_grad_(False)
    assert assert_same_as_on_the_cpu(frozen, torch.zeros(5, 2, 6), "train").kept_bytes == 0
    torch.backends.mkldnn.set_flags(_enabled=False)
    try:
        plain = assert_same_as_on_the_cpu(KINDS[kind](6, 8), torch.zeros(5, 2, 6), "train").kept_bytes
    finally:
        torch.backends.mkldnn.set_flags(_enabled=True)
    fused = assert_same_as_on_the_cpu(KINDS[kind](6, 8), torch.zeros(5, 2, 6), "train").kept_bytes
    assert (plain != fused) == (kind == "LSTM")


def test_states_of_the_user_s_own() -> None:
    class Stateful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.LSTM(6, 8, num_layers=2, batch_first=True)
            self.state, self.cell = nn.Parameter(torch.zeros(8, 2, 3)), nn.Parameter(torch.zeros(2, 3, 8))

        def forward(self, x: Tensor) -> Any:
            return self.layer(x, (self.state.permute(1, 2, 0), self.cell))

    assert_same_as_on_the_cpu(Stateful(), torch.zeros(3, 5, 6), "train")


SIZES = st.sampled_from([1, 3, 16, 63, 64, 65, 128, 130, 256])


@settings(max_examples=150, deadline=None, database=None)
@given(st.integers(1, 40), st.integers(1, 20), SIZES, SIZES, st.sampled_from([torch.float32, torch.bfloat16]))
def test_the_workspace_is_laid_out_as_the_kernel_does(
    steps: int, batch: int, inputs: int, hidden: int, dtype: torch.dtype
) -> None:
    if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return
    kept = module._measured(steps, batch, inputs, hidden, dtype)
    assert laid_out(steps, batch, inputs, hidden, dtype.itemsize) == kept


def test_another_kernel_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 64)  # as if the kernel had other pages than the formula
    module._is_known.cache_clear()
    try:
        assert not module._is_known(torch.float32)
        assert laid_out(5, 3, 20, 24, 4) != workspace_bytes(5, 3, 20, 24, torch.float32)
        assert_same_as_on_the_cpu(nn.LSTM(20, 24, batch_first=True), torch.zeros(3, 5, 20), "train")
    finally:
        module._is_known.cache_clear()


def test_a_stack_of_billions_is_not_computed() -> None:
    found = summarize(lambda: nn.LSTM(8192, 8192, 9, batch_first=True), (4, 512, 8192))
    assert (found.device, found.remarks) == ("meta", [])
    assert found.parameters == 9 * (2 * 4 * 8192 * 8192 + 2 * 4 * 8192)
    numbers = 512 * 4 * 8192 * 4  # bytes of a layer's output
    states = 2 * 4 * 8192 * 4
    # the input in order, and per layer: its output, last state and cell, workspace; first states and cells
    workspace = laid_out(512, 4, 8192, 8192, 4)
    assert found.kept_bytes == numbers + 9 * (numbers + states + workspace) + 2 * 9 * 4 * 8192 * 4


def test_a_wrong_size_is_refused_as_on_the_cpu() -> None:
    from dltui.errors import UsageError

    with pytest.raises(UsageError, match="input.size\\(-1\\) must be equal to input_size"):
        summarize(nn.LSTM(6, 8), (5, 2, 7))
