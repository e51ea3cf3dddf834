"""BERT, GPT-2, Llama and ViT, each against another way to compute the same."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import DltuiError, UsageError
from dltui.models import build
from dltui.models._activation import NAMED, named_activation
from dltui.models._rotary import Rotary, rotated
from dltui.models.bert import Bert, BertConfig, sentence_embedding
from dltui.models.gpt2 import GPT2, GPT2Config
from dltui.models.llama import Llama, LlamaConfig
from dltui.models.vit import ViT, ViTConfig

TOKENS = torch.randint(40, (2, 9), generator=torch.Generator().manual_seed(1))


def shaken(module: nn.Module) -> nn.Module:
    """Draw every weight, those of norms and biases too, so that none can be forgotten."""
    draw = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        with torch.no_grad():
            parameter.normal_(std=0.3, generator=draw)
    return module.eval()


def torchs_own(
    block: nn.Module, width: int, heads: int, inner: int, *, first: bool, act: object, eps: float
) -> nn.Module:
    """Return torch's encoder layer with the weights of a block: query, key, value, output, two matrices, two norms."""
    layer = nn.TransformerEncoderLayer(
        width, heads, inner, 0.0, act, eps, batch_first=True, norm_first=first  # type: ignore[arg-type]
    )  # fmt: skip
    q, k, v, out, up, down, norm1, norm2 = block
    attention = layer.self_attn
    with torch.no_grad():
        attention.in_proj_weight.copy_(torch.cat([part.weight for part in (q, k, v)]))
        attention.in_proj_bias.copy_(torch.cat([part.bias for part in (q, k, v)]))
    for mine, theirs in (
        (attention.out_proj, out),
        (layer.linear1, up),
        (layer.linear2, down),
        (layer.norm1, norm1),
        (layer.norm2, norm2),
    ):
        mine.load_state_dict(theirs.state_dict())
    return layer.eval()


def split(fused: nn.Linear) -> list[nn.Linear]:
    """Return query, key and value of one matrix."""
    parts = []
    for weight, bias in zip(fused.weight.chunk(3), fused.bias.chunk(3), strict=True):
        part = nn.Linear(weight.shape[1], weight.shape[0])
        part.load_state_dict({"weight": weight, "bias": bias})
        parts.append(part)
    return parts


def test_bert_is_torchs_post_norm_encoder() -> None:
    config = BertConfig(40, 24, 2, 4, 32, 16)
    bert = shaken(Bert(config))
    e = bert.embeddings
    h = e.LayerNorm(
        e.word_embeddings.weight[TOKENS]
        + e.position_embeddings.weight[:9]
        + e.token_type_embeddings.weight[0]
    )
    for layer in bert.encoder.layer:
        own, out = layer.attention.self, layer.attention.output
        parts = (own.query, own.key, own.value, out.dense, layer.intermediate.dense, layer.output.dense,
                 out.LayerNorm, layer.output.LayerNorm)  # fmt: skip
        h = torchs_own(parts, 24, 4, 32, first=False, act="gelu", eps=1e-12)(h)
    torch.testing.assert_close(bert(TOKENS), h, rtol=1e-5, atol=1e-5)


def test_gpt2_is_torchs_pre_norm_encoder_behind_a_mask() -> None:
    gpt2 = shaken(GPT2(GPT2Config(40, 16, 24, 2, 4)))
    h = gpt2.wte.weight[TOKENS] + gpt2.wpe.weight[:9]
    mask = nn.Transformer.generate_square_subsequent_mask(9)
    for block in gpt2.h:
        parts = (
            *split(block.attn.c_attn),
            block.attn.c_proj,
            block.mlp.c_fc,
            block.mlp.c_proj,
            block.ln_1,
            block.ln_2,
        )
        act = nn.GELU(approximate="tanh")
        h = torchs_own(parts, 24, 4, 96, first=True, act=act, eps=1e-5)(h, src_mask=mask)
    expected = gpt2.ln_f(h) @ gpt2.wte.weight.T
    torch.testing.assert_close(gpt2(TOKENS), expected, rtol=1e-5, atol=1e-5)


def test_vit_is_torchs_pre_norm_encoder_over_unfolded_patches() -> None:
    vit = shaken(ViT(ViTConfig((8, 12), (4, 4), 3, 24, 2, 4, 32, num_labels=5)))
    x = torch.randn(2, 3, 8, 12)
    patches = functional.unfold(x, 4, stride=4).transpose(1, 2)
    conv = vit.patch_embed.proj
    h = patches @ conv.weight.flatten(1).T + conv.bias
    h = torch.cat([vit.cls_token.expand(2, -1, -1), h], 1) + vit.pos_embed
    for block in vit.blocks:
        parts = (
            *split(block.attn.qkv),
            block.attn.proj,
            block.mlp.fc1,
            block.mlp.fc2,
            block.norm1,
            block.norm2,
        )
        h = torchs_own(parts, 24, 4, 32, first=True, act="gelu", eps=1e-6)(h)
    torch.testing.assert_close(vit(x), vit.head(vit.norm(h)[:, 0]), rtol=1e-5, atol=1e-5)


def metas_llama(llama: Llama, x: Tensor) -> Tensor:
    """Compute Llama as its authors' code does: heads one by one, places as products of complex numbers."""
    config, size = llama.config, llama.config.head_size
    angles = torch.outer(
        torch.arange(x.shape[1]).double(), config.rotary.theta ** (-torch.arange(0, size, 2).double() / size)
    )
    turn = torch.polar(torch.ones_like(angles), angles)

    def norm(h: Tensor, weight: Tensor) -> Tensor:
        return h / (h.square().mean(-1, keepdim=True) + config.rms_norm_eps).sqrt() * weight

    def turned(h: Tensor) -> Tensor:
        pairs = torch.complex(h[..., : size // 2], h[..., size // 2 :]) * turn
        return torch.cat([pairs.real, pairs.imag], -1)

    h = llama.model.embed_tokens.weight[x]
    for layer in llama.model.layers:
        a, groups = layer.self_attn, config.num_attention_heads // config.num_key_value_heads
        read, gathered = norm(h, layer.input_layernorm.weight), []
        for head in range(config.num_attention_heads):
            own, shared = (
                slice(head * size, (head + 1) * size),
                slice(head // groups * size, (head // groups + 1) * size),
            )
            q, k, v = (
                read @ a.q_proj.weight[own].T,
                read @ a.k_proj.weight[shared].T,
                read @ a.v_proj.weight[shared].T,
            )
            scores = turned(q) @ turned(k).transpose(1, 2) / math.sqrt(size)
            later = torch.ones(scores.shape[1:], dtype=torch.bool).triu(1)
            gathered.append(scores.masked_fill(later, -math.inf).softmax(-1) @ v)
        h = h + torch.cat(gathered, -1) @ a.o_proj.weight.T
        read, mlp = norm(h, layer.post_attention_layernorm.weight), layer.mlp
        gate = read @ mlp.gate_proj.weight.T
        h = h + (gate * gate.sigmoid() * (read @ mlp.up_proj.weight.T)) @ mlp.down_proj.weight.T
    return norm(h, llama.model.norm.weight) @ llama.lm_head.weight.T


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_llama_is_its_authors_arithmetic(groups: int) -> None:
    config = LlamaConfig(40, 24, 2, 4, 4 // groups, 32, rms_norm_eps=1e-5, rotary=Rotary(theta=500.0))
    llama = shaken(Llama(config)).double()
    torch.testing.assert_close(llama(TOKENS), metas_llama(llama, TOKENS), rtol=1e-5, atol=1e-6)


def test_turned_products_depend_on_the_distance_alone() -> None:
    q, k = torch.randn(6).expand(12, 6)[None, None], torch.randn(6).expand(12, 6)[None, None]
    turns = Rotary(theta=100.0).frequencies(6)
    products = (rotated(q, turns) @ rotated(k, turns).transpose(-1, -2))[0, 0]
    for offset in (-3, 0, 5):
        along = products.diagonal(offset)
        torch.testing.assert_close(along, along[:1].expand_as(along), rtol=1e-4, atol=1e-5)


def test_stretched_contexts_turn_slower() -> None:
    plain = Rotary(theta=1e4).frequencies(64)
    torch.testing.assert_close(Rotary(theta=1e4, kind="linear", factor=4.0).frequencies(64), plain / 4)
    stretched = Rotary(theta=1e4, kind="llama3", factor=8.0, original_context=256).frequencies(64)
    waves = 2 * math.pi / plain
    torch.testing.assert_close(stretched[waves < 256 / 4], plain[waves < 256 / 4])
    torch.testing.assert_close(stretched[waves > 256], plain[waves > 256] / 8)
    between = (waves > 256 / 4) & (waves < 256)
    assert between.any()
    assert ((stretched[between] < plain[between]) & (stretched[between] > plain[between] / 8)).all()


@pytest.mark.parametrize(
    "spec", ["llama:layers=2,heads=2,groups=2,width=16", "gpt:layers=2,heads=2,width=16"]
)
def test_decoders_see_nothing_that_comes_later(spec: str) -> None:
    torch.manual_seed(0)
    module, x = build(spec, (9,), 40).eval(), TOKENS[:1].clone()
    before = module(x)
    x[0, 5] = (x[0, 5] + 1) % 40
    changed = (module(x) - before).abs().amax(-1)[0] > 0
    assert changed.tolist() == [False] * 5 + [True] * 4


def test_a_patch_that_reaches_beyond_the_picture_is_filled_with_zeros() -> None:
    vit = build("vit:patch=4,layers=1,width=8,heads=2", (1, 6, 9), 3).eval()
    assert vit.config.grid == (2, 3)
    x = torch.randn(1, 1, 6, 9)
    torch.testing.assert_close(vit(x), vit(functional.pad(x, (0, 3, 0, 2))))


def test_sentences_of_the_same_states_are_one_apart_by_angle_alone() -> None:
    states = torch.randn(3, 4, 5)
    vectors = sentence_embedding(states)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(3))
    torch.testing.assert_close(sentence_embedding(7 * states), vectors)


def test_every_named_activation_is_there_and_others_are_refused() -> None:
    x = torch.linspace(-3, 3, 7)
    torch.testing.assert_close(named_activation("gelu_new")(x), functional.gelu(x, approximate="tanh"))
    torch.testing.assert_close(named_activation("swish")(x), x * x.sigmoid())
    for name in NAMED:
        assert named_activation(name)(x).shape == x.shape
    with pytest.raises(DltuiError, match="unknown activation 'gleu': did you mean gelu"):
        named_activation("gleu")


REFUSALS = [
    ("llama:heads=3", (8,), "width of llama must be an even multiple of its 3 heads, not 128: try 126"),
    (
        "llama:heads=4,groups=3",
        (8,),
        "heads of llama must be a multiple of groups, not 4 with 3: try groups=1",
    ),
    ("llama", (1, 8, 8), "llama reads rows of tokens (T,), but each sample here has shape (1, 8, 8)"),
    ("vit:heads=3", (1, 8, 8), "width of vit must be a multiple of its 3 heads, not 64: try 63"),
    ("vit:patch=9", (1, 8, 8), "patch of vit must be within 0 … 8, not 9"),
    ("vit", (2,), "vit needs pictures (C, H, W), but each sample here has 2 features"),
]


@pytest.mark.parametrize(("spec", "shape", "sentence"), REFUSALS)
def test_refusals(spec: str, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(spec, shape, 10)
    assert sentence in str(caught.value)
