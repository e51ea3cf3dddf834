"""What encoder and decoder layers of a transformer are made of."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.shapes.arguments import flag, inferred, number, whole, word
from dltui.shapes.families.attention import attention_tensors, multihead_attention
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product

ACTIVATIONS = ("relu", "gelu")


class Block:
    """What encoder and decoder layers share: widths, flags, and the parameters and costs of their parts."""

    def __init__(
        self,
        shape: Shape,
        name: str,
        d_model: int | None,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: str,
        layer_norm_eps: float,
        batch_first: bool,
        norm_first: bool,
        bias: bool,
    ) -> None:
        if len(shape) not in {2, 3}:
            raise ShapeError(
                f"{name} takes (length, batch, features) or (length, features), not {show(shape)}", name
            )
        self.width = inferred("d_model", d_model, shape[-1], "the input's last dimension")
        self.heads = whole("nhead", nhead)
        if not self.width or self.width % self.heads:
            raise ShapeError(
                f"d_model {self.width} does not split into {nhead} heads; take a divisor", "nhead"
            )
        self.inner = whole("dim_feedforward", dim_feedforward, 0)
        self.bias, self.batch_first = flag("bias", bias), flag("batch_first", batch_first)
        number("dropout", dropout, 0, 1)
        number("layer_norm_eps", layer_norm_eps)
        word("activation", activation, ACTIVATIONS)
        flag("norm_first", norm_first)

    def attention(
        self, query: Shape, key: Shape, mask: Shape | None, padding: Shape | None, causal: bool
    ) -> ShapeReport:
        """Return the report of one attention inside the layer."""
        return multihead_attention(
            query,
            key,
            num_heads=self.heads,
            bias=self.bias,
            batch_first=self.batch_first,
            attn_mask=mask,
            key_padding_mask=padding,
            need_weights=False,
            is_causal=causal,
        )

    def tensors(self, attentions: tuple[str, ...]) -> dict[str, Shape]:
        """Return the parameters of a layer with the attentions of these names."""
        width, inner = self.width, self.inner
        found: dict[str, Shape] = {}
        for name in attentions:
            parts = attention_tensors(width, (width, width), self.bias, bias_kv=False)
            found |= {f"{name}.{key}": shape for key, shape in parts.items()}
        found |= {"linear1.weight": (inner, width), "linear2.weight": (width, inner)}
        if self.bias:
            found |= {"linear1.bias": (inner,), "linear2.bias": (width,)}
        for index in range(len(attentions) + 1):
            found |= self.norm(f"norm{index + 1}")
        return found

    def norm(self, name: str) -> dict[str, Shape]:
        """Return the parameters of a layer normalisation."""
        weight: dict[str, Shape] = {f"{name}.weight": (self.width,)}
        return weight | ({f"{name}.bias": (self.width,)} if self.bias else {})

    def cost(self, shape: Shape, attentions: list[ShapeReport]) -> tuple[int, int, int]:
        """Return MACs, biases and element-wise operations of a layer over the places of ``shape``."""
        rows = product(shape[:-1])
        macs = sum(part.macs for part in attentions) + 2 * rows * self.width * self.inner
        biases = sum(part.bias_adds for part in attentions) + (
            rows * (self.inner + self.width) if self.bias else 0
        )
        norms = len(attentions) + 1
        work = sum(part.pointwise for part in attentions) + rows * (5 * norms * self.width + self.inner)
        return macs, biases, work


def block_report(
    block: Block,
    inputs: tuple[Shape, ...],
    output: Shape,
    tensors: dict[str, Shape],
    costs: list[tuple[int, int, int]],
    parts: list[ShapeReport],
) -> ShapeReport:
    """Return the report of a layer or a stack.

    Args:
        block: Widths and flags.
        inputs: Shapes that go in.
        output: The shape that comes out.
        tensors: Parameters.
        costs: MACs, biases and element-wise operations of each layer.
        parts: The attentions of one layer, for the formulas.

    Returns:
        The report.
    """
    macs, biases, work = (sum(column) for column in zip(*costs, strict=True))
    rows = product(output[:-1])

    def why() -> Iterator[str]:
        for part in parts:
            yield f"attention: {part.macs:,} MACs; {list(part.formulas)[-1]}"
        yield f"feed-forward: 2·{rows:,}·{block.width}·{block.inner} = {2 * rows * block.width * block.inner:,} MACs"
        yield f"parameters = {report.parameters:,}, MACs = {macs:,}"

    report = ShapeReport(
        inputs=inputs,
        outputs=(output,),
        tensors=tensors,
        macs=macs,
        bias_adds=biases,
        pointwise=work,
        why=why,
        told={"d_model": block.width},
    )
    return report


def attend(
    block: Block, query: Shape, key: Shape, mask: Shape | None, padding: Shape | None, causal: bool, name: str
) -> ShapeReport:
    """Return an attention's report; what it refuses is named as the layer names it.

    Args:
        block: Widths and flags.
        query: Shape of the query.
        key: Shape of key and value.
        mask: Shape of the mask over pairs.
        padding: Shape of the mask over keys.
        causal: The hint that the mask is causal.
        name: ``src``, ``tgt`` or ``memory``.

    Returns:
        The report.

    Raises:
        ShapeError: If the attention refuses.
    """
    try:
        return block.attention(query, key, mask, padding, causal)
    except ShapeError as error:
        names = {
            "attn_mask": f"{name}_mask",
            "key_padding_mask": f"{name}_key_padding_mask",
            "is_causal": "is_causal" if name == "src" else f"{name}_is_causal",
            "query": "tgt",
            "key": "memory",
            "value": "memory",
        }
        raise ShapeError(str(error), names.get(error.argument, error.argument)) from None


def stacked(tensors: dict[str, Shape], times: int, front: str = "layers") -> dict[str, Shape]:
    """Return the parameters of equal layers on top of each other.

    Args:
        tensors: Parameters of one layer.
        times: How many layers.
        front: What their names begin with.

    Returns:
        Shapes by name.
    """
    return {f"{front}.{index}.{name}": shape for index in range(times) for name, shape in tensors.items()}
