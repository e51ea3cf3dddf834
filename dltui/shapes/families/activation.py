"""Functions of each number, of neighbours along one dimension, and dropout, exactly as PyTorch takes them."""

from __future__ import annotations

from dltui.shapes.arguments import dimension, flag, number, whole, word
from dltui.shapes.layer import layer, layer_nd
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def _same(shape: Shape, keeps: str, operations: int = 1) -> ShapeReport:
    """Return the report of a function of each number."""
    return ShapeReport(
        inputs=(shape,),
        outputs=(shape,),
        pointwise=operations * product(shape),
        window=(),
        keeps=keeps,
        why=lambda: [f"each of the {product(shape):,} numbers by itself; the shape stays {show(shape)}"],
    )


def from_output(input: Shape) -> ShapeReport:  # noqa: A002
    """Return what a function of each number does to a shape; its gradient is computed from its output.

    Args:
        input: Any shape.

    Returns:
        The same shape.
    """
    return _same(input, "o", 4)


def from_input(input: Shape) -> ShapeReport:  # noqa: A002
    """Return what a function of each number does to a shape; its gradient is computed from its input.

    Args:
        input: Any shape.

    Returns:
        The same shape.
    """
    return _same(input, "i", 4)


def rectified(input: Shape, *, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what a function of each number does to a shape.

    Args:
        input: Any shape.
        inplace: Whether the input is written over.

    Returns:
        The same shape.
    """
    flag("inplace", inplace)
    return _same(input, "o")


def smooth(input: Shape, *, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what a function of each number does to a shape; its gradient is computed from its input.

    Args:
        input: Any shape.
        inplace: Whether the input is written over.

    Returns:
        The same shape.
    """
    flag("inplace", inplace)
    return _same(input, "i", 4)


def elu_(input: Shape, *, alpha: float = 1.0, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what x for x > 0, α·(eˣ − 1) below, does to a shape.

    Args:
        input: Any shape.
        alpha: The factor α.
        inplace: Whether the input is written over.

    Returns:
        The same shape.
    """
    number("alpha", alpha)
    flag("inplace", inplace)
    return _same(input, "i", 4)


def celu_(input: Shape, *, alpha: float = 1.0, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what x for x > 0, α·(e^(x/α) − 1) below, does to a shape.

    Args:
        input: Any shape.
        alpha: The factor α, not 0.
        inplace: Whether the input is written over.

    Returns:
        The same shape.

    Raises:
        ShapeError: If α is 0.
    """
    if number("alpha", alpha) == 0:
        raise ShapeError("alpha of CELU can't be 0, because x is divided by it", "alpha")
    return elu_(input, alpha=alpha, inplace=inplace)


def leaky(input: Shape, *, negative_slope: float = 0.01, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what x for x > 0, a·x below, does to a shape.

    Args:
        input: Any shape.
        negative_slope: The slope a.
        inplace: Whether the input is written over.

    Returns:
        The same shape.
    """
    number("negative_slope", negative_slope)
    flag("inplace", inplace)
    return _same(input, "i", 2)


def random_leaky(
    input: Shape,  # noqa: A002
    *,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    inplace: bool = False,
) -> ShapeReport:
    """Return what x for x > 0, a·x below with a random a, does to a shape.

    Args:
        input: Any shape.
        lower: The smallest slope.
        upper: The largest slope.
        inplace: Whether the input is written over.

    Returns:
        The same shape.

    Raises:
        ShapeError: If the slopes are the wrong way round.
    """
    if number("lower", lower) > number("upper", upper):
        raise ShapeError(f"lower {lower:g} must not exceed upper {upper:g}", "lower")
    flag("inplace", inplace)
    return _same(input, "i", 2)


def clipped(
    input: Shape,  # noqa: A002
    *,
    min_val: float = -1.0,
    max_val: float = 1.0,
    inplace: bool = False,
) -> ShapeReport:
    """Return what cutting numbers off at two bounds does to a shape.

    Args:
        input: Any shape.
        min_val: Lower bound.
        max_val: Upper bound.
        inplace: Whether the input is written over.

    Returns:
        The same shape.

    Raises:
        ShapeError: If the upper bound is not above the lower one.
    """
    if number("max_val", max_val) <= number("min_val", min_val):
        raise ShapeError(f"max_val {max_val:g} must exceed min_val {min_val:g}", "max_val")
    flag("inplace", inplace)
    return _same(input, "i", 2)


def hard_shrink(input: Shape, *, lambd: float = 0.5) -> ShapeReport:  # noqa: A002
    """Return what setting numbers within ±λ to 0 does to a shape.

    Args:
        input: Any shape.
        lambd: The bound λ.

    Returns:
        The same shape.
    """
    number("lambd", lambd)
    return _same(input, "i")


def soft_shrink(input: Shape, *, lambd: float = 0.5) -> ShapeReport:  # noqa: A002
    """Return what moving numbers towards 0 by λ does to a shape.

    Args:
        input: Any shape.
        lambd: How far, at least 0.

    Returns:
        The same shape.
    """
    number("lambd", lambd, 0)
    return _same(input, "i", 2)


def gelu_(input: Shape, *, approximate: str = "none") -> ShapeReport:  # noqa: A002
    """Return what x·Φ(x), with the normal distribution Φ, does to a shape.

    Args:
        input: Any shape.
        approximate: none, or tanh for the approximation by it.

    Returns:
        The same shape.
    """
    word("approximate", approximate, ("none", "tanh"))
    return _same(input, "i", 8)


def soft_plus(input: Shape, *, beta: float = 1.0, threshold: float = 20.0) -> ShapeReport:  # noqa: A002
    """Return what ln(1 + e^(βx)) / β does to a shape.

    Args:
        input: Any shape.
        beta: The factor β.
        threshold: Where β·x is so large that x itself is returned.

    Returns:
        The same shape.
    """
    number("beta", beta)
    number("threshold", threshold)
    return _same(input, "i", 5)


def threshold_(input: Shape, *, threshold: float, value: float, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what writing a value wherever x is not above a threshold does to a shape.

    Args:
        input: Any shape.
        threshold: The threshold.
        value: What is written.
        inplace: Whether the input is written over.

    Returns:
        The same shape.
    """
    number("threshold", threshold)
    number("value", value)
    flag("inplace", inplace)
    return _same(input, "i")


def prelu_(input: Shape, *, num_parameters: int = 1, init: float = 0.25) -> ShapeReport:  # noqa: A002
    """Return what x for x > 0, a·x below with a learned a, does to a shape.

    Args:
        input: (N, C, …), or any shape for one slope.
        num_parameters: 1, or one slope a channel.
        init: Where slopes start.

    Returns:
        The same shape and the slopes.

    Raises:
        ShapeError: If the slopes fit no channels.
    """
    whole("num_parameters", num_parameters, 0)
    number("init", init)
    if num_parameters != 1:
        channels = input[1] if len(input) > 1 else 1
        if not input or channels != num_parameters:
            raise ShapeError(
                f"num_parameters must be 1 or the {channels} channels, not {num_parameters}", "num_parameters"
            )
    report = _same(input, "i", 2)
    report.tensors = {"weight": (num_parameters,)}
    return report


def glu_(input: Shape, *, dim: int = -1) -> ShapeReport:  # noqa: A002
    """Return what a·σ(b), with the halves a and b of one dimension, does to a shape.

    Args:
        input: Any shape with an even size along ``dim``.
        dim: The dimension that is halved.

    Returns:
        The shape with one dimension halved.

    Raises:
        ShapeError: If there is no such dimension or its size is odd.
    """
    if not input:
        raise ShapeError("GLU takes at least one dimension; the input is one number")
    place = dimension("dim", dim, len(input))
    if input[place] % 2:
        raise ShapeError(f"GLU halves dimension {place}, and {input[place]} is odd; take an even size", "dim")
    output = (*input[:place], input[place] // 2, *input[place + 1 :])
    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        pointwise=5 * product(output),
        keeps="i",
        window=() if place == 1 else None,
        why=lambda: [f"dimension {place}: {input[place]} / 2 = {output[place]}"],
    )


def softmax_(input: Shape, *, dim: int | None = None) -> ShapeReport:  # noqa: A002
    """Return what e^x / Σ e^x along one dimension does to a shape.

    Args:
        input: Any shape.
        dim: Along which dimension; PyTorch guesses when left out.

    Returns:
        The same shape.

    Raises:
        ShapeError: If there is no such dimension.
    """
    if dim is not None:
        dimension("dim", dim, len(input))
    return _same(input, "o", 4)


def softmax_2d(input: Shape) -> ShapeReport:  # noqa: A002
    """Return what softmax over the channels of each place does to a shape.

    Args:
        input: (N, C, H, W), or (C, H, W) without a batch.

    Returns:
        The same shape.

    Raises:
        ShapeError: If the input has other dimensions.
    """
    if len(input) not in {3, 4}:
        raise ShapeError(f"Softmax2d takes N,C,H,W or C,H,W; the input is {show(input)}")
    return _same(input, "o", 4)


def dropout_(input: Shape, *, p: float = 0.5, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what setting numbers to 0 at random does to a shape.

    Args:
        input: Any shape.
        p: How likely a number is set to 0.
        inplace: Whether the input is written over.

    Returns:
        The same shape.
    """
    number("p", p, 0, 1)
    flag("inplace", inplace)
    report = _same(input, "")
    report.extra = ((product(input), 0),) if p else ()
    return report


def dropout_nd(axes: int, input: Shape, *, p: float = 0.5, inplace: bool = False) -> ShapeReport:  # noqa: A002
    """Return what setting whole channels to 0 at random does to a shape.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        p: How likely a channel is set to 0.
        inplace: Whether the input is written over.

    Returns:
        The same shape.

    Raises:
        ShapeError: If the input has no channels.
    """
    number("p", p, 0, 1)
    flag("inplace", inplace)
    if axes == 1 and len(input) not in {2, 3}:
        raise ShapeError(f"Dropout1d takes N,C,L or C,L; the input is {show(input)}")
    if len(input) < (1 if axes == 3 else 2) and 0 < p < 1 and input != (0,):
        raise ShapeError(f"dropout of channels takes channels and places; the input is {show(input)}")
    report = _same(input, "")
    report.extra = ((product(input[: len(input) - axes]), 0),) if p else ()
    return report


sigmoid = layer("Sigmoid", from_output)
tanh = layer("Tanh", from_output)
logsigmoid = layer("LogSigmoid", from_input)
softsign = layer("Softsign", from_input)
tanhshrink = layer("Tanhshrink", from_input)
relu = layer("ReLU", rectified)
relu6 = layer("ReLU6", smooth)
selu = layer("SELU", smooth)
silu = layer("SiLU", smooth)
mish = layer("Mish", smooth)
hardsigmoid = layer("Hardsigmoid", smooth)
hardswish = layer("Hardswish", smooth)
elu = layer("ELU", elu_)
celu = layer("CELU", celu_)
leakyrelu = layer("LeakyReLU", leaky)
rrelu = layer("RReLU", random_leaky)
hardtanh = layer("Hardtanh", clipped)
hardshrink = layer("Hardshrink", hard_shrink)
softshrink = layer("Softshrink", soft_shrink)
gelu = layer("GELU", gelu_)
softplus = layer("Softplus", soft_plus)
threshold = layer("Threshold", threshold_)
prelu = layer("PReLU", prelu_)
glu = layer("GLU", glu_)
softmax = layer("Softmax", softmax_)
softmin = layer("Softmin", softmax_)
logsoftmax = layer("LogSoftmax", softmax_)
softmax2d = layer("Softmax2d", softmax_2d)
dropout = layer("Dropout", dropout_)
alphadropout = layer("AlphaDropout", dropout_)
dropout1d = layer_nd("Dropout1d", dropout_nd, 1)
dropout2d = layer_nd("Dropout2d", dropout_nd, 2)
dropout3d = layer_nd("Dropout3d", dropout_nd, 3)
featurealphadropout = layer_nd("FeatureAlphaDropout", dropout_nd, 0)
