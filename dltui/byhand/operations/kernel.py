"""Attention before networks: an average of known answers, and positions as waves."""

from __future__ import annotations

from math import ceil

from dltui.byhand.functions import cos, dot, exp, number, sin, total
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor


@operation(
    formula="f(q) = Σᵢ aᵢ·vᵢ, aᵢ = e^(−½·((q − kᵢ)·w)²) / Σⱼ e^(−½·((q − kⱼ)·w)²)",
    examples={
        "d5": {"query": [1], "key": [0, 1, 2], "value": [0, 1, 4]},
        "d5-narrow": {"query": [1], "key": [0, 1, 2], "value": [0, 1, 4], "width": 3},
    },
    remarks={"d5": "the mean of the neighbours' answers: 1.548137", "d5-narrow": "a narrow kernel: 1.021735"},
)
def nadaraya_watson(sheet: Sheet, query: Tensor, key: Tensor, value: Tensor, *, width: float = 1.0) -> Tensor:
    """Nadaraya-Watson regression: known answers averaged, the nearer the question the more they count.

    Args:
        sheet: Where it is worked.
        query: Questions q, (L).
        key: Places k of the known answers, (S).
        value: The known answers v, (S).
        width: w; the larger, the narrower the kernel.

    Returns:
        An answer a question, (L).
    """
    for name, one in (("query", query), ("key", key), ("value", value)):
        if len(one.shape) != 1:
            refuse(name, f"{name} must be a list of numbers such as [0, 1, 2], not {one.shape}")
    if key.shape != value.shape:
        refuse("value", f"every key needs a value: there are {len(key)} keys and {len(value)} values")
    sheet.heading("how near each known place is")
    near = sheet.tensor("e", (len(query), len(key)))
    for i, j in near.places():
        gap = (query[i] - key[j]) if width == 1 else (query[i] - key[j]) * number(width, "w")
        near[i, j] = exp(-(gap**2) / 2)
    sheet.heading("their sum")
    sums = sheet.tensor("S", (len(query),))
    for (i,) in sums.places():
        sums[i] = total(near.row(i))
        if not sums[i].value:
            refuse(
                "query",
                f"query {query[i].value:g} is so far from every key that float64 has 0 for each of its weights: "
                "bring it nearer, or make --width smaller",
            )
    sheet.heading("weights")
    weights = sheet.tensor("a", near.shape)
    for i, j in weights.places():
        weights[i, j] = near[i, j] / sums[i]
    sheet.heading("answers averaged")
    found = sheet.tensor("y", (len(query),))
    for (i,) in found.places():
        found[i] = dot(weights.row(i), value.row())
    return found


@operation(
    formula="p(i, 2j) = sin(i / 10000^(2j/d)), p(i, 2j + 1) = cos(i / 10000^(2j/d))",
    examples={"d7": {"x": [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]}},
    remarks={"d7": "added to zeros, so that the encoding itself comes out"},
)
def positional_encoding(sheet: Sheet, x: Tensor, *, base: float = 10000.0) -> Tensor:
    """Positional encoding: sines and cosines of the place, slower along the dimensions, added to x.

    Args:
        sheet: Where it is worked.
        x: (L, d).
        base: What the slowest wave is about as many places long, over 2π.

    Returns:
        x with the encoding added, (L, d).
    """
    if len(x.shape) != 2:
        refuse("x", f"x must be (length, d), not {x.shape}")
    width = x.shape[1]
    sheet.heading("how fast each pair of dimensions turns")
    speed = sheet.tensor("f", (ceil(width / 2),))
    for (j,) in speed.places():
        speed[j] = 1 / number(base) ** (2 * j / width) if j else number(1)
    sheet.heading("waves")
    waves = sheet.tensor("p", x.shape)
    for i, c in waves.places():
        angle = number(i) * speed[c // 2]
        waves[i, c] = sin(angle) if c % 2 == 0 else cos(angle)
    sheet.heading("added to x")
    y = sheet.tensor("y", x.shape)
    for place in y.places():
        y[place] = x[place] + waves[place]
    return y
