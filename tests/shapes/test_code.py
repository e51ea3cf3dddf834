"""Chains as PyTorch code: the code runs on PyTorch's meta device and gives what the calculus says."""

import pytest
import torch
from torch import nn

from dltui.shapes import chain
from dltui.shapes.code import code
from dltui.shapes.named import named_chains, read_named
from dltui.shapes.report import Shape, ShapeError
from dltui.shapes.symbol import Scope
from dltui.shapes.values import read_shape

INDICES = {"bert_base", "gpt2", "sd_text"}


def run(source: str, inputs: tuple[Shape, ...], *, indices: bool = False) -> tuple[Shape, int]:
    """What torch makes of the code: the shape that comes out, and how many numbers are learned."""
    space: dict[str, object] = {}
    with torch.device("meta"):
        exec(source, space)
        net = space["net"]
        assert isinstance(net, nn.Module)
        given = [torch.zeros(shape, dtype=torch.long if indices else torch.float32) for shape in inputs]
        with torch.no_grad():
            out = net.eval()(*given)
    return tuple(out.shape), sum(one.numel() for one in net.parameters())


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")  # nn.Transformer's own
@pytest.mark.parametrize("name", named_chains())
def test_the_code_of_every_network_gives_its_shape_and_its_parameters(name: str) -> None:
    named = read_named(name)
    shapes = tuple(read_shape(one, Scope()) for one in named.inputs)
    walked = chain(named.text, *shapes)
    assert run(code(walked), shapes, indices=name in INDICES) == (walked.output, walked.parameters)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("conv2d 8 3 1 1 | relu | maxpool2d 2 | flatten | linear 10", (2, 3, 8, 8)),
        ("conv1d 4 3 padding=same > a | glu dim=1 | cat dim=1 < a _", (2, 6, 9)),
        ("lstm 8 bidirectional=true batch_first=true | layernorm", (2, 5, 4)),
        ("linear 8 > a | linear 8 < a > b | add < a b | mul < _ b | transpose 1 2", (2, 5, 4)),
        ("maxpool2d 2 return_indices=true | reshape 2,-1", (2, 3, 8, 8)),
        ("split 1,5 2 > a b | linear 5 < b | mul < _ a", (2, 4, 6)),
        ("split 1,2,3 1 > a b | cat dim=1 < a b b", (2, 6, 6)),
        ("lstm 8 proj_size=3 > all h c | linear 5 < c | linear 2 < h", (5, 2, 4)),
        ("lstm 8 proj_size=3 > all h | cat dim=0 < all h", (5, 2, 4)),
        ("linear 4 | relu | add < _ in", (2, 5, 4)),  # the input is read again at the end
        ("pad 1,1 | unsqueeze 1 | chunk 2 dim=2 | permute 0,2,1,3", (2, 4, 6)),
    ],
)
def test_the_code_of_small_chains(text: str, shape: Shape) -> None:
    walked = chain(text, shape)
    assert run(code(walked), (shape,)) == (walked.output, walked.parameters)


def test_layers_in_a_row_are_a_sequential() -> None:
    assert code(chain("conv2d 8 3 | relu", (1, 3, 8, 8))).splitlines() == [
        "from torch import nn",
        "",
        "net = nn.Sequential(",
        "    nn.Conv2d(3, 8, kernel_size=3),",
        "    nn.ReLU(),",
        ")",
    ]


def test_what_pytorch_has_no_class_for_is_told() -> None:
    with pytest.raises(ShapeError, match="no class for SwiGLU"):
        code(chain("swiglu 16 | relu", (1, 4, 8)))


def test_what_is_refused_has_no_code() -> None:
    with pytest.raises(ShapeError, match="row 1"):
        code(chain("conv2d 8 11", (1, 3, 8, 8)))
