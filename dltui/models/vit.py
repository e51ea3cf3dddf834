"""Vision transformer: Dosovitskiy et al., *An Image is Worth 16x16 Words*, 2021 (pre-norm, a class token).

Modules are named as in timm's checkpoints. Shape letters in this file: B batch, C channels, Y and X height and width,
T positions (the class token, then the patches by rows), D width, N heads, H size of a head (D / N).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.models._activation import named_activation
from dltui.models._pictures import picture_shape
from dltui.models._registry import model
from dltui.spelling import in_range

STD = 0.02  # of fresh embeddings
ACROSS = 7  # patches along the shorter side when nobody says how large they are


@dataclass(frozen=True)
class ViTConfig:
    """Sizes, under the names that ``config.json`` gives them.

    Attributes:
        image_size: Height and width of a picture.
        patch_size: Height and width of a patch.
        num_channels: C.
        hidden_size: D, numbers at each position.
        num_hidden_layers: Blocks.
        num_attention_heads: N, heads of attention in each block.
        intermediate_size: Numbers between the two matrices of the perceptron.
        num_labels: Classes; 0 for the state of the class token itself.
        hidden_act: Nonlinearity of the perceptron.
        layer_norm_eps: What is added to the variance.
        qkv_bias: Whether queries, keys and values have a bias.
    """

    image_size: tuple[int, int]
    patch_size: tuple[int, int]
    num_channels: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    num_labels: int
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-6
    qkv_bias: bool = True

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches; a last one that the picture doesn't fill is filled up with zeros."""
        (tall, wide), (down, across) = self.image_size, self.patch_size
        return -(-tall // down), -(-wide // across)


class PatchEmbed(nn.Module):
    """A vector for each patch."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.patch = config.patch_size
        self.proj = nn.Conv2d(config.num_channels, config.hidden_size, self.patch, stride=self.patch)

    def forward(self, x_BCYX: Tensor) -> Tensor:
        """Map pictures to (B, patches, D), by rows."""
        short = [-side % patch for side, patch in zip(x_BCYX.shape[2:], self.patch, strict=True)]
        padded = functional.pad(x_BCYX, (0, short[1], 0, short[0])) if any(short) else x_BCYX
        y_BTD: Tensor = self.proj(padded).flatten(2).transpose(1, 2)
        return y_BTD


class Attention(nn.Module):
    """Attention of several heads over all positions."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size, config.qkv_bias)
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        q_BNTH, k_BNTH, v_BNTH = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(x_BTD).chunk(3, dim=-1)
        )
        y_BNTH = functional.scaled_dot_product_attention(q_BNTH, k_BNTH, v_BNTH)
        y_BTD: Tensor = self.proj(y_BNTH.transpose(1, 2).flatten(2))
        return y_BTD


class Perceptron(nn.Module):
    """Two matrices with a nonlinearity between them."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.fc1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.act = named_activation(config.hidden_act)
        self.fc2 = nn.Linear(config.intermediate_size, config.hidden_size)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        y_BTD: Tensor = self.fc2(self.act(self.fc1(x_BTD)))
        return y_BTD


class Block(nn.Module):
    """Attention, then a perceptron at each position; both are added to what they read."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(config.hidden_size, config.layer_norm_eps) for _ in range(2))
        self.attn, self.mlp = Attention(config), Perceptron(config)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        h_BTD = x_BTD + self.attn(self.norm1(x_BTD))
        y_BTD: Tensor = h_BTD + self.mlp(self.norm2(h_BTD))
        return y_BTD


class ViT(nn.Module):
    """Patches and a class token, blocks, and scores read off the class token."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        rows, columns = config.grid
        self.patch_embed = PatchEmbed(config)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.hidden_size))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + rows * columns, config.hidden_size))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.head = nn.Linear(config.hidden_size, config.num_labels) if config.num_labels else nn.Identity()

    def tie(self) -> None:
        """Share nothing: a vision transformer has no matrix twice."""

    def forward(self, x_BCYX: Tensor) -> Tensor:
        """Map pictures to scores of the classes, (B, classes)."""
        patches_BTD = self.patch_embed(x_BCYX)
        first_BTD = self.cls_token.expand(len(x_BCYX), -1, -1)
        h_BTD = torch.cat([first_BTD, patches_BTD], dim=1) + self.pos_embed
        for block in self.blocks:
            h_BTD = block(h_BTD)
        y_BC: Tensor = self.head(self.norm(h_BTD)[:, 0])
        return y_BC


@model("vit")
def vit(
    input_shape: tuple[int, ...],
    outputs: int,
    *,
    patch: int = 0,
    layers: int = 4,
    heads: int = 4,
    width: int = 64,
) -> nn.Module:
    """ViT: a transformer that reads a picture patch by patch.

    Parameters with T = 1 + patches and P numbers in a patch: D·(P + 1) + D + T·D + layers·(12·D² + 13·D) + 2·D +
    (D + 1)·outputs; on digits 205,066.

    Args:
        input_shape: (C, H, W).
        outputs: Classes.
        patch: Pixels along a patch; a seventh of the shorter side when 0, as in ViT-B/32 on 224 pixels.
        layers: Blocks.
        heads: Heads of attention in each block.
        width: D, numbers at each position; a multiple of ``heads``.

    Returns:
        The network with fresh weights.

    Raises:
        UsageError: If samples are no pictures or a knob makes no sense.
    """
    channels, tall, wide = picture_shape("vit", input_shape, 1)
    in_range("vit", "patch", patch, 0, min(tall, wide))
    in_range("vit", "layers", layers, 1, 1000)
    in_range("vit", "width", width, 1, 100_000)
    in_range("vit", "heads", heads, 1, width)
    if width % heads:
        raise UsageError(
            f"width of vit must be a multiple of its {heads} heads, not {width}: try {width // heads * heads}"
        )
    side = patch or max(1, min(tall, wide) // ACROSS)
    made = ViT(
        ViTConfig((tall, wide), (side, side), channels, width, layers, heads, 4 * width, num_labels=outputs)
    )
    nn.init.normal_(made.pos_embed, std=STD)
    nn.init.normal_(made.cls_token, std=STD)
    return made
