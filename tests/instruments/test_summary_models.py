"""Models of every manner: what the rows tell, and what is said where something is unusual."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent))

from zoo import GPT, ZOO, Siamese

from dltui.errors import DltuiError, UsageError
from dltui.instruments.summary import summarize
from dltui.instruments.summary.kernels import COPIES, QUICK
from dltui.results import load


def test_rows_are_the_tree() -> None:
    found = summarize(nn.Sequential(nn.Linear(4, 6), nn.Sequential(nn.ReLU(), nn.Linear(6, 2))), (3, 4))
    assert [row["path"] for row in found.rows] == ["", "0", "1", "1.0", "1.1"]
    assert [row["parent"] for row in found.rows] == [-1, 0, 0, 2, 2]
    assert [row["parameters"] for row in found.rows] == [44, 30, 14, 0, 14]
    assert [row["macs"] for row in found.rows] == [3 * 36, 72, 36, 0, 36]
    assert [row["outputs"][0]["shape"] for row in found.rows] == [[3, 2], [3, 6], [3, 2], [3, 6], [3, 2]]
    assert found.row("1.1")["inputs"][0]["shape"] == [3, 6]


def test_children_stand_in_the_order_in_which_they_run() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spare, self.second, self.first = nn.Linear(9, 9), nn.Linear(3, 2), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.first(x))

    found = summarize(Backwards(), (1, 4))
    assert [(row["path"], row["use"]) for row in found.rows[1:]] == [
        ("first", "called"),
        ("second", "called"),
        ("spare", "unused"),
    ]
    assert found.parameters == 15 + 8 + 90


def test_a_shared_module_is_counted_once_and_said() -> None:
    one = nn.Linear(4, 4)
    found = summarize(nn.Sequential(one, nn.ReLU(), one), (2, 4))
    first, again = found.row("0"), found.row("2")
    assert (first["calls"], first["parameters"], first["macs"]) == (2, 20, 2 * 2 * 16)
    assert (again["shared_with"], again["parameters"]) == ("0", 0)
    assert found.parameters == 20
    assert found.macs == 64


def test_tied_parameters_are_counted_once_and_said() -> None:
    found = summarize(GPT, [(1, 16)])
    head = found.row("head")
    assert (head["parameters"], head["tied"]) == (0, 3200)
    assert found.row("table")["parameters"] == 3200
    assert found.parameters == sum(p.numel() for p in GPT().parameters())
    assert [one["name"] for one in found.outputs] == ["logits"]
    assert "the first input is taken as int64" in found.remarks[0]


def test_several_calls_with_other_shapes() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
            return self.act(x), {"half": self.act(x[:, :2])}

    found = summarize(Twice(), (1, 4))
    assert found.row("act")["calls"] == 2
    assert found.row("act")["varies"]
    assert [(one["name"], one["shape"]) for one in found.outputs] == [("0", [1, 4]), ("1.half", [1, 2])]


def test_dataclasses_and_keyword_arguments() -> None:
    @dataclass
    class Out:
        logits: Tensor
        loss: None = None

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, *, left: Tensor, right: Tensor, double: bool = False) -> Out:
            return Out(self.layer(left + right) * (2 if double else 1))

    found = summarize(Model(), {"left": (3, 4), "right": (1, 4)}, double=True)
    assert [one["name"] for one in found.inputs] == ["left", "right"]
    assert [(one["name"], one["shape"]) for one in found.outputs] == [("logits", [3, 2])]
    assert summarize(Model(), left=torch.zeros(3, 4), right=torch.zeros(3, 4)).macs == 24


def test_several_inputs_with_types() -> None:
    found = summarize(Siamese, [(2, 1, 8, 8), (2, 1, 8, 8)])
    assert found.row("trunk")["calls"] == 2
    typed = summarize(nn.Embedding(5, 3), (2,), dtypes=[torch.int32])
    assert typed.inputs[0]["dtype"] == "int32"
    half = summarize(nn.Linear(4, 2).half(), (3, 4))
    assert half.outputs[0]["dtype"] == "float16"
    assert half.parameter_bytes == 2 * 10


def test_lazy_layers_stay_lazy() -> None:
    model = nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5))
    found = summarize(model, (2, 3, 8, 8))
    assert found.parameters == (3 * 9 + 1) * 8 + (8 * 36 + 1) * 5
    assert isinstance(model[0], nn.LazyConv2d)
    assert torch.nn.parameter.is_lazy(model[3].weight)
    assert found.rows[1]["kind"] == "Conv2d"


class Deciding(nn.Module):
    """Can't run without numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x[: int(x.abs().sum().clamp(1, 1))])


@pytest.mark.parametrize("source", [Deciding, Deciding()], ids=["built", "given"])
def test_what_can_not_run_on_meta_says_so(source: object) -> None:
    found = summarize(source, (3, 4))
    assert found.device == "cpu"
    assert found.remarks == [
        "ran on cpu, for on meta it fails: RuntimeError: Tensor.item() cannot be called on meta tensors"
    ]
    assert (found.macs, found.outputs[0]["shape"]) == (16, [1, 4])


def test_a_builder_that_looks_at_its_weights() -> None:
    def build() -> nn.Module:
        model = nn.Linear(4, 2)
        assert float(model.weight.detach().abs().max()) >= 0
        return model

    found = summarize(build, (3, 4))
    assert (found.device, found.macs) == ("meta", 24)
    assert found.remarks[0].startswith("built on the CPU, for on meta it fails: RuntimeError")


def test_a_model_too_large_to_run_for_real() -> None:
    class Huge(Deciding):
        def __init__(self) -> None:
            super().__init__()
            self.more = nn.Linear(2**20, 2**20)

    with pytest.raises(DltuiError, match=r"Huge can't run on meta .* takes 4.4 TB, more than the"):
        summarize(Huge, (3, 4))


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.Conv2d(3, 8, 3), [1, 3, 224, 224]),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 900, 2)), [1, 3, 32, 32]),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), [1, 784]),
        (nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2)), [1, 128]),
        (nn.LSTM(6, 5), [1, 128, 6]),
        (nn.Conv1d(2, 3, 5), [1, 2, 128]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_guessed_input_is_said(model: nn.Module, shape: list[int]) -> None:
    found = summarize(model)
    assert found.inputs[0]["shape"] == shape
    assert found.remarks[0].startswith(f"no input was given; {'×'.join(map(str, shape))} is guessed from")


def test_without_any_input_parameters_are_told() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(3, 5))

        def forward(self, one: Tensor, two: Tensor) -> Tensor:
            return one @ self.weight @ two

    found = summarize(Odd())
    assert (found.ran, found.parameters) == (False, 15)
    assert "only parameters are told" in found.remarks[0]
    assert found.summary()["macs"] is None
    assert any("parameters 15" in line for line in found.lines(80))


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_scripted_and_wrapped_models() -> None:
    inner = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    with pytest.raises(UsageError, match="is a TorchScript program: give the module"):
        summarize(torch.jit.trace(inner, torch.zeros(2, 4)), (2, 4))
    for wrapper in (nn.DataParallel(inner), torch.compile(inner)):
        wrapped = summarize(wrapper, (2, 4))
        assert wrapped.macs == 24
        assert type(wrapper).__name__ in wrapped.remarks[0]


def test_matrix_work_without_a_formula_is_named() -> None:
    class Spectral(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.fft.fft(x).real

    assert summarize(Spectral(), (2, 8)).uncounted == ["aten::_fft_r2c"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "test"}, "mode must be train or eval"),
        ({"depth": 0}, "depth must be at least 1"),
        ({"col_names": ["num_parms"]}, "did you mean num_params"),
        ({"row_settings": ["varnames"]}, "did you mean var_names"),
        ({"flops": "macs"}, "did you mean mac"),
        ({"dtypes": [torch.int64] * 2}, "2 dtypes for 1 inputs"),
        ({"input_data": torch.zeros(1)}, "exclude each other"),
    ],
)
def test_wrong_options(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        summarize(nn.Linear(4, 2), (3, 4), **options)
    with pytest.raises(UsageError, match="is no shape"):
        summarize(nn.Linear(4, 2), "3,4")


def test_it_saves_and_loads(tmp_path: Path) -> None:
    found = summarize(ZOO["gpt"][0], (2, 16))
    found.save(tmp_path / "gpt.safetensors")
    again = load(tmp_path / "gpt.safetensors")
    assert again.document() == found.document()
    assert again.lines(90) == found.lines(90)


@pytest.mark.parametrize(
    ("model", "shape", "dtypes"),
    [
        (nn.Linear(4, 2), (3, 4), [torch.int64]),
        (nn.Conv2d(2, 2, 3), (1, 2, 8, 8), [torch.float64]),
        (nn.ConvTranspose2d(2, 2, 3, stride=2, output_padding=2), (1, 2, 8, 8), None),
    ],
)
def test_what_meta_lets_pass_and_the_cpu_refuses(
    model: nn.Module, shape: tuple[int, ...], dtypes: object
) -> None:
    with pytest.raises(UsageError, match=r"can't take inputs of shape"):
        summarize(model, shape, dtypes=dtypes)


QUICK_CASES = {
    "native_batch_norm": [((2, 3, 4, 4), (3,), (3,), (3,), (3,), True, 0.1, 1e-5)],
    "native_layer_norm": [((2, 5, 6), [6], (6,), (6,), 1e-5), ((2, 5, 6), [5, 6], None, None, 1e-5)],
    "mm": [((3, 4), (4, 5))],
    "bmm": [((2, 3, 4), (2, 4, 5))],
    "addmm": [((5,), (3, 4), (4, 5))],
    "convolution": [
        ((2, 4, 9, 8), (6, 2, 3, 2), None, [2, 1], [1, 0], [1, 2], False, [0, 0], 2),
        ((2, 4, 9), (6, 4, 3), (6,), [2], [1], [1], False, [0], 1),
    ],
    "max_pool2d_with_indices": [((2, 3, 9, 9), [3, 3], [2, 2], [1, 1]), ((2, 3, 9, 9), [2, 2])],
    "mean": [((2, 3, 4), [1]), ((2, 3, 4), [-1, 0], True)],
    "add": [((2, 3), (2, 3)), ((2, 3), 2.0)],
    "mul": [((2, 3), (2, 3)), ((2, 3), 2.0)],
    "sub": [((2, 3), (2, 3))],
    "div": [((2, 3), 2.0)],
    "relu": [((2, 3),)],
    "gelu": [((2, 3),)],
    "silu": [((2, 3),)],
    "sigmoid": [((2, 3),)],
    "tanh": [((2, 3),)],
    "_softmax": [((2, 3), -1, False)],
    "_log_softmax": [((2, 3), -1, False)],
    "_safe_softmax": [((2, 3), -1)],
}


@pytest.mark.parametrize("transposed", [False, True], ids=["usual", "transposed"])
@pytest.mark.parametrize("op", [op for op in QUICK if op._schema.name[6:] in QUICK_CASES], ids=str)
def test_quick_kernels_are_those_of_the_cpu(op: object, transposed: bool) -> None:
    for case in QUICK_CASES[op._schema.name[6:]]:
        if len([a for a in op._schema.arguments if not a.kwarg_only]) < len(case):
            continue
        real, hollow = [], []
        for value in case:
            made = torch.zeros(value) if isinstance(value, tuple) else value
            if transposed and isinstance(made, Tensor) and made.dim() > 2:
                made = torch.zeros([value[1], value[0], *value[2:]]).transpose(0, 1)
            real.append(made)
            hollow.append(made.to("meta") if isinstance(made, Tensor) else made)
        if ".Scalar" in str(op) and isinstance(case[1], tuple):
            continue
        quick = QUICK[op](hollow)
        if quick is NotImplemented:
            assert transposed
            continue
        want = op(*real)
        for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (quick, want)), strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)
            assert one.untyped_storage().nbytes() == other.untyped_storage().nbytes()
    assert not COPIES & QUICK.keys()
