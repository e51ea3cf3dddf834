"""The calculator against PyTorch's own layer, refusals included."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dltui.shapes import conv2d
from dltui.shapes.report import ShapeError

pairs = st.tuples(st.integers(1, 5), st.integers(1, 5))


@st.composite
def layers(draw: st.DrawFn) -> dict[str, object]:
    """Draw settings around the border between what runs and what is refused."""
    groups = draw(st.integers(1, 3))
    return {
        "batch": draw(st.sampled_from([None, 1, 2])),
        "channels": draw(st.integers(1, 3)) * draw(st.sampled_from([1, groups])),
        "size": draw(st.tuples(st.integers(1, 12), st.integers(1, 12))),
        "out_channels": draw(st.integers(1, 3)) * draw(st.sampled_from([1, groups])),
        "kernel_size": draw(pairs),
        "stride": draw(pairs),
        "padding": draw(
            st.one_of(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.sampled_from(["same", "valid"]))
        ),
        "dilation": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "groups": groups,
        "bias": draw(st.booleans()),
    }


@pytest.mark.filterwarnings("ignore:Using padding=.same.")
@settings(max_examples=150, deadline=None)
@given(layers())
def test_agrees_with_torch(case: dict[str, object]) -> None:
    batch, channels, size = case.pop("batch"), case.pop("channels"), case.pop("size")
    shape = (*([] if batch is None else [batch]), channels, *size)  # type: ignore[misc]
    try:
        layer = torch.nn.Conv2d(channels, **case)  # type: ignore[arg-type]
        output = layer(torch.zeros(shape))  # type: ignore[arg-type]
    except (RuntimeError, ValueError):
        with pytest.raises(ShapeError):
            conv2d(shape, **case)  # type: ignore[arg-type]
        return
    report = conv2d(shape, **case)  # type: ignore[arg-type]
    assert report.output == tuple(output.shape)
    assert report.tensors == {name: tuple(p.shape) for name, p in layer.named_parameters()}
    assert report.parameters == sum(p.numel() for p in layer.parameters())


def test_macs_equal_torch_flop_counter() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    layer = torch.nn.Conv2d(6, 8, (3, 5), stride=2, padding=1, groups=2)
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(3, 6, 17, 19))
    report = conv2d(
        (3, 6, 17, 19), out_channels=8, kernel_size=(3, 5), stride=(2, 2), padding=(1, 1), groups=2
    )
    assert 2 * report.macs == counter.get_total_flops()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kernel_size": (7, 7), "padding": (0, 0)}, "pad 2 more on each side"),
        ({"groups": 2}, "in_channels 3 does not split into 2 groups"),
        ({"stride": (2, 2), "padding": "same"}, "stride 1 only"),
        ({"padding": "full"}, "'same' or 'valid'"),
        ({"padding": (-1, 0)}, "can't be negative"),
        ({"stride": (0, 1)}, "stride must be at least 1"),
    ],
)
def test_refusals_say_the_way_out(changes: dict[str, object], says: str) -> None:
    settings_: dict[str, object] = {"out_channels": 4, "kernel_size": (3, 3), "padding": (1, 1)}
    with pytest.raises(ShapeError, match=says.replace("(", r"\(")):
        conv2d((1, 3, 4, 4), **(settings_ | changes))  # type: ignore[arg-type]


def test_formula_has_the_numbers_filled_in() -> None:
    report = conv2d((1, 3, 224, 224), out_channels=64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3))
    assert report.formulas[0].endswith("= ⌊(224 + 6 − 1·(7 − 1) − 1) / 2⌋ + 1 = 112")
    assert report.parameters == 9472
