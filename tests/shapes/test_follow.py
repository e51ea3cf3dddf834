"""Following the source of a network against running it."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import networks
import pytest
import torch

from dltui.shapes import ShapeError, chain
from dltui.shapes.symbol import Scope
from dltui.shapes.values import read_shape

SOURCE = Path(networks.__file__).read_text(encoding="utf-8")


def source_of(name: str) -> str:
    """Return the source up to the end of a class, which is then the last with a forward."""
    body = inspect.getsource(getattr(networks, name))
    return SOURCE[: SOURCE.index(body) + len(body)]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("name", sorted(networks.NETWORKS))
def test_networks_are_followed(name: str) -> None:
    shape = networks.NETWORKS[name]
    module = getattr(networks, name)().eval()
    x = torch.zeros(shape, dtype=torch.long if len(shape) == 2 else torch.float32)
    with torch.no_grad():
        wanted = module(x).shape
    walked = chain(source_of(name), shape)
    assert walked.refusal is None
    assert walked.output == tuple(wanted)
    assert walked.parameters == sum(p.numel() for p in module.parameters())
    leaves = [
        key for key, one in module.named_modules() if not list(one.children()) and list(one.parameters())
    ]
    shown = [step.row.text.partition(":")[0] for step in walked.steps]
    assert {key for key in leaves if "encoder" not in key and "out_proj" not in key} <= set(shown)


def test_the_row_that_refuses_is_named() -> None:
    walked = chain(source_of("Small"), (2, 1, 32, 32))
    assert walked.refusal is not None
    assert walked.refusal.text.startswith("fc1: linear in_features=400")
    assert "in_features=576" in walked.refusal.repair


def test_letters_are_followed() -> None:
    walked = chain(source_of("Residual"), read_shape("N,3,H,W", Scope()))
    assert [str(n) for n in walked.output] == ["N", "10"]
    assert str(walked.steps[0].report.output[2]) == "H"


def test_nothing_is_run(tmp_path: Path) -> None:
    text = (
        "import os\nfrom torch import nn\n"
        f"class Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        f"        os.mkdir({str(tmp_path / 'made')!r})\n"
        "        self.a = nn.Linear(3, 4)\n"
        "    def forward(self, x):\n        return self.a(x)\n"
    )
    with pytest.raises(ShapeError, match="line 6"):
        chain(text, (1, 3))
    assert not (tmp_path / "made").exists()
    assert "os" in sys.modules


BODIES = {
    "return self.b(x)": "has no b|b",
    "while True:\n            x = self.a(x)\n        return x": "can't be followed",
    "return torch.fft.fft(x)": "can't be followed",
    "return self.forward(x)": "too deeply",
    "for i in range(10**9):\n            x = x + 0\n        return x": "can't be|too often",
    "return x[::2]": "every so many places",
    "return 3": "calls no layer",
}


@pytest.mark.parametrize("body", sorted(BODIES))
def test_what_cannot_be_followed_is_told(body: str) -> None:
    text = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.a = nn.Linear(3, 3)\n    def forward(self, x):\n        {body}\n"
    )
    with pytest.raises(ShapeError, match=BODIES[body]):
        chain(text, (4, 3))


def test_several_outputs_have_names() -> None:
    walked = chain("linear 12 | split split_size_or_sections=4 dim=1 > a b c | add < a c", (2, 3))
    assert walked.output == (2, 4)
    assert chain("lstm 5 > out h c | linear 2 < h", (7, 2, 3)).output == (1, 2, 2)
    with pytest.raises(ShapeError, match="gives 1 tensors, not 2"):
        chain("linear 4 > a b", (2, 3))


PARAMETER = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        return (x + self.w) * self.w
"""


def test_a_parameter_counts_once() -> None:
    walked = chain(PARAMETER, (2, 3))
    assert (walked.output, walked.parameters) == ((2, 3), 3)
