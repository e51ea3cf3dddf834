"""Layers as torch computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltui.instruments.byhand.answer import witness

if TYPE_CHECKING:
    from torch import Tensor


@witness("linear")
def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return torch's linear layer."""
    from torch.nn import functional

    return functional.linear(x, weight, _row(bias))


def _kernels(weight: Tensor, axes: int) -> Tensor:
    """Return a bare kernel with channels."""
    return weight.reshape(1, 1, *weight.shape) if weight.dim() == axes else weight


def _row(bias: Tensor | None) -> Tensor | None:
    """Return a bias as torch wants it, be it one number."""
    return None if bias is None else bias.reshape(-1)


def _with_channels(x: Tensor, axes: int) -> Tensor:
    """Return a bare grid with a channel."""
    return x.unsqueeze(0) if x.dim() == axes else x


@witness("conv1d")
def conv1d(x: Tensor, weight: Tensor, bias: Tensor | None, **steps: Any) -> Tensor:
    """Return torch's convolution over one axis."""
    from torch.nn import functional

    return functional.conv1d(_with_channels(x, 1), _kernels(weight, 1), _row(bias), **steps)


@witness("conv2d")
def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None, **steps: Any) -> Tensor:
    """Return torch's convolution over a picture."""
    from torch.nn import functional

    return functional.conv2d(_with_channels(x, 2), _kernels(weight, 2), _row(bias), **steps)


@witness("convtranspose1d")
def convtranspose1d(x: Tensor, weight: Tensor, bias: Tensor | None, **steps: Any) -> Tensor:
    """Return torch's transposed convolution over one axis."""
    from torch.nn import functional

    return functional.conv_transpose1d(_with_channels(x, 1), _kernels(weight, 1), _row(bias), **steps)


@witness("convtranspose2d")
def convtranspose2d(x: Tensor, weight: Tensor, bias: Tensor | None, **steps: Any) -> Tensor:
    """Return torch's transposed convolution over a picture."""
    from torch.nn import functional

    return functional.conv_transpose2d(_with_channels(x, 2), _kernels(weight, 2), _row(bias), **steps)


@witness("maxpool1d")
def maxpool1d(x: Tensor, **steps: Any) -> Tensor:
    """Return torch's max pooling over one axis."""
    from torch.nn import functional

    found: Tensor = functional.max_pool1d(_with_channels(x, 1), **steps)
    return found


@witness("maxpool2d")
def maxpool2d(x: Tensor, **steps: Any) -> Tensor:
    """Return torch's max pooling over a picture."""
    from torch.nn import functional

    found: Tensor = functional.max_pool2d(_with_channels(x, 2), **steps)
    return found


@witness("avgpool1d")
def avgpool1d(x: Tensor, **steps: Any) -> Tensor:
    """Return torch's average pooling over one axis."""
    from torch.nn import functional

    return functional.avg_pool1d(_with_channels(x, 1), **steps)


@witness("avgpool2d")
def avgpool2d(x: Tensor, **steps: Any) -> Tensor:
    """Return torch's average pooling over a picture."""
    from torch.nn import functional

    return functional.avg_pool2d(_with_channels(x, 2), **steps)


@witness("flatten")
def flatten(x: Tensor, start_dim: int, end_dim: int) -> Tensor:
    """Return torch's flatten."""
    return x.flatten(start_dim, end_dim)


@witness("interpolate")
def interpolate(x: Tensor, size: int | tuple[int, ...], mode: str, align_corners: bool) -> Tensor:
    """Return torch's picture of another size."""
    from torch.nn import functional

    whole = x.reshape(*(1,) * (4 - x.dim()), *x.shape)
    aligned = align_corners if align_corners or mode != "nearest" else None
    return functional.interpolate(whole, _pair(size), mode=mode, align_corners=aligned)


@witness("affinegrid")
def affine_grid(theta: Tensor, size: int | tuple[int, ...], align_corners: bool) -> Tensor:
    """Return torch's grid."""
    from torch.nn import functional

    whole = theta.unsqueeze(0) if theta.shape == (2, 3) else theta
    count = len(whole) if whole.dim() == 3 else 1
    return functional.affine_grid(whole, [count, 1, *_pair(size)], align_corners=align_corners)


@witness("gridsample")
def grid_sample(x: Tensor, grid: Tensor, **settings: Any) -> Tensor:
    """Return torch's picture looked up by a grid."""
    from torch.nn import functional

    whole, field = (one.reshape(*(1,) * (4 - one.dim()), *one.shape) for one in (x, grid))
    return functional.grid_sample(whole, field, **settings)


def _pair(size: int | tuple[int, ...]) -> tuple[int, ...]:
    """Return height and width."""
    return size if isinstance(size, tuple) else (size, size)


@witness("crop")
def crop(x: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """Return torch's slice."""
    return x[..., top : top + height, left : left + width]


@witness("flip")
def flip(x: Tensor, dims: int | tuple[int, ...]) -> Tensor:
    """Return torch's flip."""
    return x.flip(dims)


@witness("normalize")
def normalize(x: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return channels less their mean over their deviation, by broadcasting."""
    return (x - mean[:, None, None]) / std[:, None, None]


@witness("batchnorm")
def batchnorm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    eps: float,
) -> Tensor:
    """Return torch's batch norm; the running statistics are left as they are."""
    from torch.nn import functional

    kept = (None, None) if training else (running_mean, running_var)
    return functional.batch_norm(x, *kept, weight, bias, training=training, eps=eps)


@witness("layernorm")
def layernorm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    normalized_shape: int | tuple[int, ...] | None,
    eps: float,
) -> Tensor:
    """Return torch's layer norm."""
    from torch.nn import functional

    return functional.layer_norm(
        x, _tail(x, weight if weight is not None else bias, normalized_shape), weight, bias, eps
    )


@witness("instancenorm")
def instancenorm(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """Return torch's instance norm."""
    from torch.nn import functional

    return functional.instance_norm(x, weight=_scale(weight, bias), bias=bias, eps=eps)


@witness("groupnorm")
def groupnorm(x: Tensor, weight: Tensor | None, bias: Tensor | None, num_groups: int, eps: float) -> Tensor:
    """Return torch's group norm."""
    from torch.nn import functional

    return functional.group_norm(x, num_groups, _scale(weight, bias), bias, eps)


def _scale(weight: Tensor | None, bias: Tensor | None) -> Tensor | None:
    """Return a scale of 1 where there is a shift alone, since torch's backward pass wants both or none."""
    return bias.detach().new_ones(bias.shape) if weight is None and bias is not None else weight


@witness("rmsnorm")
def rmsnorm(
    x: Tensor, weight: Tensor | None, normalized_shape: int | tuple[int, ...] | None, eps: float | None
) -> Tensor:
    """Return torch's RMS norm."""
    from torch.nn import functional

    return functional.rms_norm(x, _tail(x, weight, normalized_shape), weight, eps)


def _tail(x: Tensor, weight: Tensor | None, given: int | tuple[int, ...] | None) -> list[int]:
    """Return the normalized shape."""
    if given is not None:
        return list(given) if isinstance(given, tuple) else [given]
    return list(x.shape[-1:] if weight is None else weight.shape)


@witness("softmax")
def softmax(x: Tensor, dim: int, temperature: float) -> Tensor:
    """Return torch's softmax."""
    return (x / temperature).softmax(dim)


@witness("logsoftmax")
def log_softmax(x: Tensor, dim: int) -> Tensor:
    """Return torch's log-softmax."""
    return x.log_softmax(dim)


@witness("attention")
def attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None, is_causal: bool, scale: float | None
) -> Tensor:
    """Return torch's scaled dot-product attention."""
    from torch.nn import functional

    q, k, v = (one.reshape(1, -1) if one.dim() == 1 else one for one in (query, key, value))
    return functional.scaled_dot_product_attention(q, k, v, attn_mask, is_causal=is_causal, scale=scale)


@witness("multiheadattention")
def multihead_attention(
    query: Tensor,
    in_proj_weight: Tensor,
    out_proj_weight: Tensor,
    key: Tensor | None,
    value: Tensor | None,
    in_proj_bias: Tensor | None,
    out_proj_bias: Tensor | None,
    attn_mask: Tensor | None,
    num_heads: int,
    batch_first: bool,
) -> Tensor:
    """Return torch's multi-head attention."""
    import torch
    from torch.func import functional_call

    width = query.shape[-1]
    module = torch.nn.MultiheadAttention(width, num_heads, batch_first=batch_first, dtype=torch.float64)
    zeros = torch.zeros(3 * width, dtype=torch.float64)
    weights = {
        "in_proj_weight": in_proj_weight,
        "in_proj_bias": zeros if in_proj_bias is None else in_proj_bias,
        "out_proj.weight": out_proj_weight,
        "out_proj.bias": zeros[:width] if out_proj_bias is None else out_proj_bias,
    }
    keys = query if key is None else key
    inputs = (query, keys, keys if value is None else value)
    found: Tensor = functional_call(module, weights, inputs, {"attn_mask": attn_mask, "need_weights": False})[
        0
    ]
    return found


@witness("rnn")
def rnn(nonlinearity: str, batch_first: bool, **given: Tensor | None) -> Tensor:
    """Return torch's recurrent network."""
    import torch

    states: Tensor = _recur(torch.nn.RNN, given, nonlinearity=nonlinearity, batch_first=batch_first)[0]
    return states


@witness("gru")
def gru(reset: str, batch_first: bool, **given: Tensor | None) -> Tensor:
    """Return torch's gated recurrent unit; torch has no other but with the reset gate after the product."""
    import torch

    if reset == "before":
        return _reset_before(given, batch_first=batch_first)
    states: Tensor = _recur(torch.nn.GRU, given, batch_first=batch_first)[0]
    return states


@witness("lstm")
def lstm(batch_first: bool, **given: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return torch's long short-term memory: states, and the last cell."""
    import torch

    states, (_, cell) = _recur(torch.nn.LSTM, given, batch_first=batch_first)
    return states, cell


def _recur(kind: Any, given: dict[str, Tensor | None], **settings: Any) -> Any:
    """Return what a recurrent module of torch gives for some weights."""
    import torch
    from torch.func import functional_call

    x, weight_ih, weight_hh = given["x"], given["weight_ih"], given["weight_hh"]
    assert x is not None
    assert weight_ih is not None
    assert weight_hh is not None
    wide, hidden = weight_ih.shape[1], weight_hh.shape[1]
    module = kind(wide, hidden, dtype=torch.float64, **settings)
    x = x.reshape(-1, wide) if x.ndim < 3 else x
    batch = (x.shape[0 if module.batch_first else 1],) if x.ndim == 3 else ()

    def known(name: str, *shape: int) -> Tensor:
        one = given[name]
        return torch.zeros(shape, dtype=torch.float64) if one is None else one

    weights = {f"{name}_l0": known(name, len(weight_hh)) for name in given if "_" in name}
    start = tuple(known(name, *batch, hidden)[None] for name in "hc" if name in given)
    return functional_call(module, weights, (x, start if len(start) > 1 else start[0]))


def _reset_before(given: dict[str, Tensor | None], *, batch_first: bool) -> Tensor:
    """Return a gated recurrent unit whose reset gate multiplies the state itself (Cho et al. 2014)."""
    import torch

    x, w, u = given["x"], given["weight_ih"], given["weight_hh"]
    assert x is not None
    assert w is not None
    assert u is not None
    b, d = (
        torch.zeros(len(w), dtype=torch.float64) if one is None else one
        for one in (given["bias_ih"], given["bias_hh"])
    )
    steps = x.reshape(-1, w.shape[1]) if x.ndim < 3 else x.swapaxes(0, 1) if batch_first else x
    h = torch.zeros(u.shape[1], dtype=torch.float64) if given["h"] is None else given["h"]
    found = []
    for step in steps:
        ahead = [part.chunk(3, dim=-1) for part in (step @ w.T + b, d)]
        rows = u.chunk(3)
        r, z = (torch.sigmoid(ahead[0][i] + h @ rows[i].T + ahead[1][i]) for i in (0, 1))
        n = torch.tanh(ahead[0][2] + (r * h) @ rows[2].T + ahead[1][2])
        h = (1 - z) * n + z * h
        found.append(h)
    return torch.stack(found, dim=1 if batch_first and x.ndim == 3 else 0)


@witness("nadarayawatson")
def nadaraya_watson(query: Tensor, key: Tensor, value: Tensor, width: float) -> Tensor:
    """Return the kernel regression by torch's softmax."""
    return (-(((query[:, None] - key[None]) * width) ** 2) / 2).softmax(1) @ value


@witness("positionalencoding")
def positional_encoding(x: Tensor, base: float) -> Tensor:
    """Return positions as waves, computed over whole tensors."""
    import torch

    length, width = x.shape
    even = torch.arange(0, width, 2, dtype=torch.float64)
    angles = torch.arange(length, dtype=torch.float64)[:, None] / base ** (even / width)
    waves = torch.stack([angles.sin(), angles.cos()], 2).reshape(length, -1)[:, :width]
    return x + waves
