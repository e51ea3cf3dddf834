"""Known families of networks, told by how their authors name tensors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from dltui.contents.facts import Shapes, sizes

Found = tuple[str, str] | None
Family = Callable[[Shapes], Found]
STAGES: dict[
    tuple[str, tuple[int, ...]], str
] = {  # blocks in the stages of a ResNet -> its name, by the kind of block
    ("basic", (2, 2, 2, 2)): "ResNet-18",
    ("basic", (3, 4, 6, 3)): "ResNet-34",
    ("bottleneck", (3, 4, 6, 3)): "ResNet-50",
    ("bottleneck", (3, 4, 23, 3)): "ResNet-101",
    ("bottleneck", (3, 8, 36, 3)): "ResNet-152",
}
TRUNKS = {  # channels that the heads of LPIPS look at
    (64, 192, 384, 256, 256): "AlexNet",
    (64, 128, 256, 512, 512): "VGG-16",
    (64, 128, 256, 384, 384, 512, 512): "SqueezeNet",
}


def _lora(shapes: Shapes) -> Found:
    """Low-rank adapters."""
    down = shapes.first(r"(lora_A(\.\w+)?|lora_down)\.weight") or shapes.first("lora_A")
    if down is None or len(down.shape) < 2:
        return None
    count = shapes.count(r"^(.*?)\.lora_(?:A|down)")
    many = "matrix" if count == 1 else "matrices"
    return (
        f"LoRA adapter of rank {min(down.shape)} on {count} {many}",
        "the names hold pairs of lora_A and lora_B",
    )


def _diffusion(shapes: Shapes) -> Found:
    """U-Nets of diffusion models."""
    if not shapes.has(
        r"(down_blocks|input_blocks)\.", r"(up_blocks|output_blocks)\.", r"(mid_block|middle_block)\."
    ):
        return None
    text = shapes.shape(r"attn2\.to_k\.weight")
    given = f", conditioned on text of width {text[1]}" if len(text) == 2 else ""
    return f"U-Net of a diffusion model{given}", "there are blocks down, in the middle and up again"


def _llama(shapes: Shapes) -> Found:
    """Llama and its kin, as Hugging Face and GGUF name them."""
    hugging = shapes.has(
        r"layers\.\d+\.self_attn\.(q_proj|qkv_proj)", r"layers\.\d+\.(mlp|block_sparse_moe)\."
    )
    gguf = shapes.has(r"^blk\.\d+\.attn_(q|qkv)\.", r"^blk\.\d+\.ffn_")
    if not (hugging or gguf) or shapes.has(r"encoder_attn"):
        return None
    layers = shapes.count(r"(?:layers|blk)\.(\d+)\.")
    query = shapes.shape(r"(q_proj|attn_q)\.weight")
    key = shapes.shape(r"(k_proj|attn_k)\.weight")
    hidden = shapes.shape(r"(mlp\.gate_proj|mlp\.up_proj|ffn_gate|ffn_up)\.weight")
    words = shapes.shape(r"(embed_tokens|token_embd)\.weight")
    kind = shapes.scalars.get("general.architecture", "")
    heads = shapes.number("num_attention_heads", f"{kind}.attention.head_count")
    shared = shapes.number("num_key_value_heads", f"{kind}.attention.head_count_kv")
    told = sizes(
        layers=layers,
        width=query[1] if len(query) > 1 else None,
        heads=heads,
        key_value_heads=shared,
        feed_forward_width=hidden[0] if hidden else None,
        words=words[0] if words else None,
    )
    experts = shapes.count(r"experts\.(\d+)\.")
    name = "decoder of the Llama kind" + (f" with {experts} experts" if experts else "")
    why = "self_attn.q_proj and mlp in numbered layers" if hugging else "attn_q and ffn in numbered blk"
    if len(query) == 2 and len(key) == 2 and key[0] < query[0]:
        why += f"; k_proj has {key[0]} rows to the {query[0]} of q_proj, so heads share keys"
    if shapes.has(r"(gate_proj|ffn_gate)\."):
        why += "; a gate in the feed-forward part"
    head = shapes.first(r"(lm_head|output)\.weight")
    tied = "" if head and not head.shared else ", the embedding is the output layer too"
    return f"{name}: {told}{tied}", why


def _bert(shapes: Shapes) -> Found:
    """BERT and its kin."""
    if not shapes.has(r"layer\.\d+\.attention\.(self\.query|q_lin|attention\.query)"):
        return None
    words = shapes.shape(r"word_embeddings\.weight")
    hidden = shapes.shape(r"intermediate\.dense\.weight")
    query = shapes.shape(r"(self\.query|q_lin|attention\.query)\.weight")
    picture = shapes.has(r"patch_embeddings")
    told = sizes(
        layers=shapes.count(r"layer\.(\d+)\."),
        width=query[0] if query else None,
        heads=shapes.number("num_attention_heads", "n_heads"),
        feed_forward_width=hidden[0] if hidden else None,
        words=words[0] if words else None,
    )
    name = "vision transformer" if picture else "encoder of the BERT kind"
    return f"{name}: {told}", "attention.self.query in numbered layers" + (
        " after patch_embeddings" if picture else ""
    )


def _gpt2(shapes: Shapes) -> Found:
    """GPT-2 and its kin."""
    if not shapes.has(r"h\.\d+\.attn\.c_attn"):
        return None
    words, places = shapes.shape(r"wte\.weight"), shapes.shape(r"wpe\.weight")
    told = sizes(
        layers=shapes.count(r"h\.(\d+)\."),
        width=words[1] if len(words) > 1 else None,
        heads=shapes.number("n_head"),
        words=words[0] if words else None,
        places=places[0] if places else None,
    )
    return f"decoder of the GPT-2 kind: {told}", "attn.c_attn in numbered h, with wte and wpe"


def _t5(shapes: Shapes) -> Found:
    """T5 and its kin."""
    if not shapes.has(
        r"encoder\.block\.\d+\.layer\.0\.SelfAttention", r"decoder\.block\.\d+\.layer\.1\.EncDec"
    ):
        return None
    told = sizes(
        encoder_layers=shapes.count(r"encoder\.block\.(\d+)\."),
        width=shapes.shape(r"SelfAttention\.q\.weight")[1],
    )
    return (
        f"encoder and decoder of the T5 kind: {told}",
        "SelfAttention in encoder.block, EncDecAttention in decoder.block",
    )


def _speech(shapes: Shapes) -> Found:
    """Whisper and its kin: encoder and decoder with attention across."""
    if not shapes.has(
        r"encoder_attn\.|cross_attn\.", r"encoder\.(layers|blocks)\.\d+\.", r"decoder\.(layers|blocks)\.\d+\."
    ):
        return None
    heard = (
        "Whisper kind"
        if shapes.has(r"encoder\.conv1\.weight", r"encoder\.conv2\.weight")
        else "transformer kind"
    )
    told = sizes(
        encoder_layers=shapes.count(r"encoder\.(?:layers|blocks)\.(\d+)\."),
        decoder_layers=shapes.count(r"decoder\.(?:layers|blocks)\.(\d+)\."),
    )
    return f"encoder and decoder of the {heard}: {told}", "the decoder's layers attend to the encoder"


def _clip(shapes: Shapes) -> Found:
    """Pictures and texts in one space."""
    if not shapes.has(
        r"logit_scale", r"(visual|vision_model|image)", r"(text_model|transformer\.resblocks|text)"
    ):
        return None
    return (
        "two towers of the CLIP kind, pictures and texts",
        "a tower for pictures, one for texts, and logit_scale",
    )


def _vit(shapes: Shapes) -> Found:
    """Vision transformers, as timm and torchvision name them."""
    patch = shapes.shape(r"(patch_embed\.proj|conv_proj|patch_embeddings\.projection)\.weight")
    if len(patch) != 4 or not shapes.has(r"(blocks\.\d+\.attn\.qkv|encoder_layer_\d+\.self_attention)"):
        return None
    told = sizes(layers=shapes.count(r"(?:blocks\.|encoder_layer_)(\d+)\."), width=patch[0], patch=patch[2])
    return (
        f"vision transformer: {told}",
        "patches are embedded by a convolution, then numbered blocks with attention",
    )


def _resnet(shapes: Shapes) -> Found:
    """ResNets, as torchvision names them."""
    if not shapes.has(r"layer1\.0\.conv1\.weight", r"layer\d\.0\.conv2\.weight"):
        return None
    kind = "bottleneck" if shapes.has(r"layer1\.0\.conv3\.weight") else "basic"
    stages = tuple(n for i in range(1, 9) if (n := shapes.count(rf"layer{i}\.(\d+)\.conv1")))
    classes = shapes.shape(r"(fc|linear|classifier)\.weight")
    name = STAGES.get((kind, stages), f"ResNet of {kind} blocks, {'-'.join(map(str, stages))}")
    return f"{name}{f', {classes[0]:,} classes' if classes else ''}", (
        f"layer1 to layer{len(stages)} have {', '.join(map(str, stages))} {kind} blocks"
    )


def _mobile(shapes: Shapes) -> Found:
    """Networks of depthwise convolutions."""
    kernels = shapes.weights(4)
    deep = [one for one in kernels if one.shape[1] == 1 and one.shape[0] > 1 and one.shape[2] > 1]
    if len(deep) < 4:
        return None
    squeeze = shapes.has(r"(_se_reduce|se\.conv_reduce|\.fc1\.weight|se_module)")
    classes = shapes.shape(r"(classifier(\.1)?|fc|_fc|head)\.weight")
    last = max((one.shape[0] for one in kernels if one.shape[2:] == (1, 1)), default=0)
    torchvision = shapes.has(r"^features\.18\.0\.weight", r"^features\.1\.conv\.0\.0\.weight")
    told = f"{len(deep)} depthwise convolutions" + (f", {classes[0]:,} classes" if classes else "")
    if torchvision:
        return (
            f"MobileNetV2: {told}",
            "features.1 to 17 are inverted residuals, features.18 widens to " + f"{last}",
        )
    if shapes.has(r"blocks?\.?\w*\.\d+") and (squeeze or last >= 1280):
        why = "inverted residuals in numbered blocks" + (
            " with squeeze and excitation" if squeeze else ", none squeezed"
        )
        return f"EfficientNet{'' if squeeze else '-Lite'} or MobileNet kind: {told}", why
    return f"convolutional network: {told}", "kernels with one input channel each"


def _plain_cnn(shapes: Shapes) -> Found:
    """AlexNet and VGG."""
    first, last = shapes.shape(r"features\.0\.weight"), shapes.shape(r"classifier\.6\.weight")
    if len(first) != 4 or len(last) != 2:
        return None
    layers = len(shapes.weights(4)) + len(shapes.weights(2))
    name = "AlexNet" if first[2] == 11 else f"VGG-{layers}" if first[2] == 3 else "convolutional network"
    return (
        f"{name}: {last[0]:,} classes",
        f"features begin with {first[2]}×{first[3]} kernels, classifier.6 ends",
    )


def _named(shapes: Shapes) -> Found:
    """Small networks whose names are their own."""
    heads = [
        one for one in shapes.entries if one.name.startswith("lin") and one.name.endswith("model.1.weight")
    ]
    channels = tuple(one.shape[1] for one in sorted(heads, key=lambda one: one.name) if len(one.shape) == 4)
    if channels in TRUNKS:
        return (
            f"linear heads of LPIPS over {TRUNKS[channels]}",
            f"one weight a channel for {', '.join(map(str, channels))} channels",
        )
    if shapes.has(r"^prelu1\.weight"):
        for layer, name in (("conv4_1", "P-Net"), ("dense5_1", "R-Net"), ("dense6_1", "O-Net")):
            if shapes.shape(rf"{layer}\.weight")[:1] == (2,):
                return f"{name} of MTCNN, a face detector", f"PReLUs, and {layer} tells face from none"
    if shapes.shape(r"classifier\.weight")[:1] == (360,) and shapes.has(r"^conv6\.weight"):
        width = shapes.shape(r"conv1\.weight")[0]
        return (
            f"CREPE, a pitch tracker, {width} kernels in the first layer",
            "six convolutions and 360 pitches",
        )
    if shapes.has(r"stft\.?\w*(forward_basis|conv)", r"(rnn|lstm)[\w.]*weight_ih"):
        return (
            "Silero VAD, a detector of speech",
            "a Fourier transform as a convolution, an encoder, and an LSTM cell",
        )
    return None


def _recurrent(shapes: Shapes) -> Found:
    """LSTM, GRU and plain recurrent networks."""
    fed, kept = shapes.first(r"(\w*\.)*weight_ih(_l0)?"), shapes.shape(r"(\w*\.)*weight_hh(_l0)?")
    if fed is None or len(kept) != 2 or not kept[1]:
        return None
    name = {4: "LSTM", 3: "GRU", 1: "recurrent network"}.get(kept[0] // kept[1], "recurrent network")
    told = sizes(layers=shapes.count(r"weight_ih_l(\d+)") or 1, inputs=fed.shape[-1], hidden=kept[1])
    return f"{name}: {told}", f"weight_hh has {kept[0]} rows to {kept[1]} columns"


def _packed_attention(shapes: Shapes) -> Found:
    """Attention whose queries, keys and values are one matrix, as in torch's own MultiheadAttention."""
    packed = shapes.first(r"(in_proj_weight|qkv(_proj)?\.weight)")
    if packed is None or len(packed.shape) != 2 or packed.shape[0] != 3 * packed.shape[1]:
        return None
    layers = shapes.count(r"(?:layers|blocks|h)\.(\d+)\.")
    words = shapes.shape(r"(token_embedding|embedding|embed_tokens|wte)\.weight")
    told = sizes(layers=layers or None, width=packed.shape[1], words=words[0] if words else None)
    return f"transformer: {told}", f"{packed.name} packs queries, keys and values"


def _attention(shapes: Shapes) -> Found:
    """Attention of another kind, with a matrix each for queries, keys and values."""
    query = shapes.first(r"(q|query|q_proj|to_q|q_lin|w_q|wq)\.weight")
    key = shapes.first(r"(k|key|k_proj|to_k|k_lin|w_k|wk)\.weight")
    if query is None or key is None or len(query.shape) != 2:
        return None
    layers = shapes.count(r"(?:layers?|blocks?|h)\.(\d+)\.")
    told = sizes(layers=layers or None, width=query.shape[1])
    return f"transformer: {told}", f"{query.name} and {key.name}"


def _any_convolution(shapes: Shapes) -> Found:
    """Whatever else has kernels."""
    kernels = [one for n in (3, 4, 5) for one in shapes.weights(n) if max(one.shape[2:]) > 1 or n > 3]
    if not kernels:
        return None
    axes = len(kernels[0].shape) - 2
    norms = shapes.count(r"^(.*)running_mean$")
    over = f"{axes} axis" if axes == 1 else f"{axes} axes"
    ends = f"from {kernels[0].shape[1]} to {kernels[-1].shape[0]} channels"
    told = f"{len(kernels)} convolution{'s' * (len(kernels) > 1)} over {over}, {ends}"
    why = f"weights of {axes + 2} axes" + (f", and running means of {norms} batch norms" if norms else "")
    return f"convolutional network: {told}", why


def _of_space(shapes: Shapes) -> Found:
    """Networks on points in space, by the layer that first sees x, y and z."""
    for name, besides, told in SPACE:
        one = shapes.first(name)
        if one is not None and len(one.shape) == 2 and (not besides or shapes.first(besides) is not None):
            return f"{told}, {one.shape[0]} features first", one.name
    return None


def _chain(shapes: Shapes) -> Found:
    """Matrices of which each takes what the one before gives, perhaps after an embedding."""
    matrices = shapes.weights(2)
    words = [one for one in matrices if "embed" in one.name.lower()][:1]
    matrices = [one for one in matrices if one not in words]
    if not 2 <= len(matrices) <= 200:
        return None
    if any(one.shape[0] != other.shape[1] for one, other in pairwise(matrices)):
        return None
    widths = [matrices[0].shape[1], *(one.shape[0] for one in matrices)]
    over = f" over an embedding of {words[0].shape[0]:,} words" if words else ""
    return (
        f"MLP {'-'.join(map(str, widths))}{over}",
        "each matrix takes as many numbers as the one before gives",
    )


SPACE = (  # weights, others that must be there besides, and what they are part of
    (r"near\.points\.0\.linear\.weight", "", "PointNet++, on clouds of points"),
    (r"edges\.0\.edge\.linear\.weight", "", "DGCNN, on clouds of points"),
    (r"encode_points\.0\.linear\.weight", "", "AtlasNet, which lays sheets into space"),
    (r"encode\.place\.weight", "", "occupancy network, on clouds and places"),
    (
        r"layers\.0\.parametrizations\.weight\.original1",
        r"codes\.weight",
        "DeepSDF, signed distances by codes",
    ),
)

FAMILIES: list[Family] = [
    _lora,
    _diffusion,
    _clip,
    _speech,
    _llama,
    _bert,
    _gpt2,
    _t5,
    _vit,
    _resnet,
    _named,
    _mobile,
    _plain_cnn,
    _recurrent,
    _packed_attention,
    _attention,
    _any_convolution,
    _of_space,
    _chain,
]
