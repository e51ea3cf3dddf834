"""Which places a window touches: against gradients that torch computes, place by place."""

import pytest
import torch
from torch import nn

from dltui.shapes import chain
from dltui.shapes.reach import seen, slides


@pytest.mark.parametrize(
    "text",
    [
        "conv1d 1 3 2 1",
        "conv1d 1 4 1 2 2",
        "conv1d 1 3 padding=same dilation=3",
        "avgpool1d 3 2 1",
        "conv1d 1 2 3",
    ],
)
def test_the_taps_are_where_the_gradient_is(text: str) -> None:
    step = chain(text, (1, 1, 17)).steps[0]
    (slide,) = slides(step)
    layer = eval(f"nn.{step.report.layer}", {"nn": nn})
    for one in layer.parameters():
        nn.init.ones_(one)
    x = torch.zeros(1, 1, 17, requires_grad=True)
    y = layer(x)
    assert slide.places == y.shape[-1]
    for position in range(slide.places):
        (gradient,) = torch.autograd.grad(y[0, 0, position], x, retain_graph=True)
        inside = {place for place in slide.touched(position) if 0 <= place < 17}
        assert set(gradient[0, 0].nonzero().flatten().tolist()) == inside


@pytest.mark.parametrize(
    "text", ["convtranspose1d 1 3 2 1", "convtranspose1d 1 4 3 0 output_padding=1 dilation=2"]
)
def test_a_transposed_window_writes_where_the_gradient_comes_from(text: str) -> None:
    step = chain(text, (1, 1, 5)).steps[0]
    (slide,) = slides(step)
    assert slide.writes
    layer = eval(f"nn.{step.report.layer}", {"nn": nn})
    for one in layer.parameters():
        nn.init.ones_(one)
    for position in range(5):
        x = torch.zeros(1, 1, 5)
        before = layer(x)
        x[0, 0, position] = 1
        written = set((layer(x) - before)[0, 0].nonzero().flatten().tolist())
        assert written == {place for place in slide.touched(position) if 0 <= place < slide.size}


def test_the_field_of_a_chain_is_where_the_gradient_is() -> None:
    text = "conv1d 1 3 2 1 | conv1d 1 3 1 1 2 | avgpool1d 2"
    walked = chain(text, (1, 1, 41))
    net = nn.Sequential(*(eval(f"nn.{step.report.layer}", {"nn": nn}) for step in walked.steps))
    for one in net.parameters():
        nn.init.ones_(one)
    x = torch.zeros(1, 1, 41, requires_grad=True)
    y = net(x)
    for position in range(y.shape[-1]):
        (gradient,) = torch.autograd.grad(y[0, 0, position], x, retain_graph=True)
        places = gradient[0, 0].nonzero().flatten()
        (looks,) = seen(walked.steps[-1].field, (position,)) or ()
        assert looks.start <= int(places.min())
        assert int(places.max()) < looks.stop
        if looks.start >= 0 and looks.stop <= 41:
            assert (looks.start, looks.stop - 1) == (int(places.min()), int(places.max()))


def test_letters_and_layers_without_windows_slide_nowhere() -> None:
    assert slides(chain("relu", (1, 3, 8, 8)).steps[0]) == ()
