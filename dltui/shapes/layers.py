"""Every layer with its file and one line of help, so that asking for one imports one file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dltui.errors import unknown
from dltui.registry import Entry
from dltui.shapes.layer import Layer
from dltui.shapes.report import ShapeError

FILES: dict[str, dict[str, str]] = {
    "conv": {
        "Conv1d": "Convolution over one axis.",
        "Conv2d": "Convolution over a picture.",
        "Conv3d": "Convolution over a volume.",
    },
    "transposed": {
        "ConvTranspose1d": "Transposed convolution over one axis.",
        "ConvTranspose2d": "Transposed convolution over a picture.",
        "ConvTranspose3d": "Transposed convolution over a volume.",
    },
    "pool": {
        "MaxPool1d": "The largest number of each window.",
        "MaxPool2d": "The largest number of each window of a picture.",
        "MaxPool3d": "The largest number of each window of a volume.",
        "AvgPool1d": "The average of each window.",
        "AvgPool2d": "The average of each window of a picture.",
        "AvgPool3d": "The average of each window of a volume.",
        "LPPool1d": "The power average of each window.",
        "LPPool2d": "The power average of each window of a picture.",
        "LPPool3d": "The power average of each window of a volume.",
    },
    "adaptive": {
        "AdaptiveAvgPool1d": "Averages down to a fixed size.",
        "AdaptiveAvgPool2d": "Averages of a picture down to a fixed size.",
        "AdaptiveAvgPool3d": "Averages of a volume down to a fixed size.",
        "AdaptiveMaxPool1d": "Maxima down to a fixed size.",
        "AdaptiveMaxPool2d": "Maxima of a picture down to a fixed size.",
        "AdaptiveMaxPool3d": "Maxima of a volume down to a fixed size.",
        "FractionalMaxPool2d": "Maxima of randomly placed windows of a picture.",
        "FractionalMaxPool3d": "Maxima of randomly placed windows of a volume.",
        "MaxUnpool1d": "Maxima put back to their places.",
        "MaxUnpool2d": "Maxima put back to their places in a picture.",
        "MaxUnpool3d": "Maxima put back to their places in a volume.",
    },
    "fold": {
        "Unfold": "The windows of a picture as columns.",
        "Fold": "A picture from windows as columns, overlaps added up.",
        "PixelShuffle": "A larger picture made of channels.",
        "PixelUnshuffle": "Places moved into channels.",
        "ChannelShuffle": "The channels of groups interleaved.",
    },
    "pad": {
        f"{kind}Pad{axes}d": f"A border {told}{where}."
        for kind, told in (
            ("Zero", "of zeros"),
            ("Constant", "of one number"),
            ("Reflection", "that mirrors the inside"),
            ("Replication", "that repeats the edge"),
            ("Circular", "that goes on at the other end"),
        )
        for axes, where in ((1, ""), (2, " around a picture"), (3, " around a volume"))
    }
    | {"pad": "A border of any kind, as a function."},
    "resample": {
        "Upsample": "Resampling to a size or by a factor.",
        "interpolate": "Resampling to a size or by a factor, as a function.",
        "UpsamplingNearest2d": "Resampling of a picture by its nearest places.",
        "UpsamplingBilinear2d": "Bilinear resampling of a picture, corners aligned.",
    },
    "linear": {
        "Identity": "What goes in.",
        "Linear": "Every output a weighted sum of the last dimension.",
        "Bilinear": "Every output a weighted sum of products of two inputs.",
        "Embedding": "A row of a table for each index.",
        "EmbeddingBag": "The sum, mean or maximum of table rows for each bag.",
    },
    "norm": {
        "BatchNorm1d": "Mean 0, variance 1 a channel over the batch.",
        "BatchNorm2d": "Mean 0, variance 1 a channel over a batch of pictures.",
        "BatchNorm3d": "Mean 0, variance 1 a channel over a batch of volumes.",
        "InstanceNorm1d": "Mean 0, variance 1 a channel and sample.",
        "InstanceNorm2d": "Mean 0, variance 1 a channel and picture.",
        "InstanceNorm3d": "Mean 0, variance 1 a channel and volume.",
        "GroupNorm": "Mean 0, variance 1 a group of channels and sample.",
        "LayerNorm": "Mean 0, variance 1 over the last dimensions.",
        "RMSNorm": "Root mean square 1 over the last dimensions.",
        "LocalResponseNorm": "Each number divided by those of neighbouring channels.",
    },
    "activation": {
        "ReLU": "max(x, 0).",
        "ReLU6": "x cut off at 0 and 6.",
        "LeakyReLU": "x above 0, a·x below.",
        "PReLU": "x above 0, a·x below with a learned a.",
        "RReLU": "x above 0, a·x below with a random a.",
        "ELU": "x above 0, α·(eˣ − 1) below.",
        "CELU": "x above 0, α·(e^(x/α) − 1) below.",
        "SELU": "A scaled ELU that keeps mean and variance.",
        "GELU": "x·Φ(x) with the normal distribution Φ.",
        "SiLU": "x·σ(x), also called swish.",
        "Mish": "x·tanh(ln(1 + eˣ)).",
        "Sigmoid": "1 / (1 + e⁻ˣ).",
        "LogSigmoid": "ln of the sigmoid.",
        "Tanh": "The hyperbolic tangent.",
        "Hardtanh": "x cut off at two bounds.",
        "Hardsigmoid": "A sigmoid of straight lines.",
        "Hardswish": "A swish of straight lines and a parabola.",
        "Hardshrink": "0 within ±λ, x outside.",
        "Softshrink": "x moved towards 0 by λ.",
        "Tanhshrink": "x − tanh x.",
        "Softsign": "x / (1 + |x|).",
        "Softplus": "ln(1 + eˣ).",
        "Threshold": "A value wherever x is not above a threshold.",
        "GLU": "a·σ(b) with the halves a, b of one dimension.",
        "Softmax": "eˣ / Σ eˣ along one dimension.",
        "Softmin": "e⁻ˣ / Σ e⁻ˣ along one dimension.",
        "LogSoftmax": "ln of the softmax.",
        "Softmax2d": "Softmax over the channels of each place.",
        "Dropout": "Numbers set to 0 at random.",
        "Dropout1d": "Channels set to 0 at random.",
        "Dropout2d": "Channels of pictures set to 0 at random.",
        "Dropout3d": "Channels of volumes set to 0 at random.",
        "AlphaDropout": "Dropout that keeps mean and variance.",
        "FeatureAlphaDropout": "Dropout of channels that keeps mean and variance.",
    },
    "reshape": {
        "Flatten": "Neighbouring dimensions made one.",
        "Unflatten": "One dimension made several.",
        "reshape": "The same numbers in another shape.",
        "permute": "The dimensions in another order.",
        "transpose": "Two dimensions in each other's place.",
        "squeeze": "The shape without dimensions of size 1.",
        "unsqueeze": "One more dimension of size 1.",
        "cat": "Tensors one after the other along a dimension.",
        "stack": "Tensors side by side along a new dimension.",
        "split": "One tensor cut into pieces of given sizes.",
        "chunk": "One tensor cut into so many pieces.",
    },
    "pick": {
        "mean": "The mean over some dimensions.",
        "select": "One place along a dimension.",
        "narrow": "Neighbouring places along a dimension.",
        "expand": "Dimensions of size 1 spread, without a copy.",
        "Parameter": "A learned tensor beside the input.",
    },
    "recurrent": {
        "RNN": "An Elman network over a sequence.",
        "LSTM": "A long short-term memory over a sequence.",
        "GRU": "A gated recurrent unit over a sequence.",
    },
    "cell": {
        "RNNCell": "One step of an Elman network.",
        "LSTMCell": "One step of a long short-term memory.",
        "GRUCell": "One step of a gated recurrent unit.",
    },
    "attention": {
        "scaled_dot_product_attention": "softmax(Q·Kᵀ / √d)·V, with shared key heads and masks.",
        "MultiheadAttention": "Attention with heads and projections, to itself or to another sequence.",
    },
    "encoder": {
        "TransformerEncoderLayer": "Self-attention and a feed-forward network.",
        "TransformerEncoder": "A stack of encoder layers.",
    },
    "decoder": {
        "TransformerDecoderLayer": "Self-attention, attention to a memory, a feed-forward network.",
        "TransformerDecoder": "A stack of decoder layers.",
    },
    "transformer": {
        "Transformer": "Encoder and decoder.",
    },
    "loss": {
        "L1Loss": "|x − y|.",
        "MSELoss": "(x − y)².",
        "HuberLoss": "Squares near 0, straight lines beyond.",
        "SmoothL1Loss": "Squares near 0, straight lines of slope 1 beyond.",
        "KLDivLoss": "Divergence of log-probabilities from a target.",
        "BCELoss": "Binary cross-entropy of probabilities.",
        "BCEWithLogitsLoss": "Binary cross-entropy of logits.",
        "PoissonNLLLoss": "Negative log-likelihood of a Poisson distribution.",
        "GaussianNLLLoss": "Negative log-likelihood of a normal distribution.",
        "HingeEmbeddingLoss": "x for target 1, max(0, margin − x) for −1.",
        "SoftMarginLoss": "ln(1 + e^(−y·x)).",
    },
    "classes": {
        "CrossEntropyLoss": "−ln softmax(logits) at the target.",
        "NLLLoss": "−x at the target.",
        "MultiMarginLoss": "Margins between the right class and the others.",
        "MultiLabelMarginLoss": "Margins between right and wrong classes.",
        "MultiLabelSoftMarginLoss": "The mean binary cross-entropy of all labels.",
        "CosineEmbeddingLoss": "1 − cos for pairs that belong together.",
        "MarginRankingLoss": "max(0, −y·(x₁ − x₂) + margin).",
        "TripletMarginLoss": "An anchor nearer to one than to another.",
        "CTCLoss": "A sequence against a shorter one without times.",
        "CosineSimilarity": "The cosine along one dimension.",
        "PairwiseDistance": "The distance of vectors.",
    },
    "held": {
        "AdaptiveLogSoftmaxWithLoss": "A softmax with a short list and clusters of rare classes.",
        "LinearCrossEntropyLoss": "A linear layer and its cross-entropy in one.",
        "TripletMarginWithDistanceLoss": "A triplet loss of a given distance.",
    },
    "across": {
        "SyncBatchNorm": "Batch normalisation over the batches of all devices.",
        "CrossMapLRN2d": "Each number divided by those of neighbouring channels, as in Torch 7.",
    },
    "arithmetic": {
        "add": "Tensors added, spread to a common shape.",
        "mul": "Tensors multiplied number by number, spread to a common shape.",
        "matmul": "The matrix product of two tensors.",
    },
    "blocks": {
        "PatchEmbedding": "A picture cut into patches, each one token (ViT).",
        "GroupedQueryAttention": "Causal attention with shared key heads and a cache.",
        "SwiGLU": "Feed-forward with a gate.",
        "MixtureOfExperts": "Feed-forward chosen anew for each token.",
    },
}

LAYERS = {
    name.lower().replace("_", ""): Entry(f"dltui.shapes.families.{file}", summary, name)
    for file, lines in FILES.items()
    for name, summary in lines.items()
}
ALIASES = {
    "conv": "conv2d",
    "bn": "batchnorm2d",
    "fc": "linear",
    "maxpool": "maxpool2d",
    "avgpool": "avgpool2d",
    "nllloss2d": "nllloss",
}
_found: dict[str, Layer[Any]] = {}


def key_of(name: str) -> str:
    """Return how a layer stands in the table: lower case, without ``nn.``, ``_`` and ``Lazy``.

    Args:
        name: Such as ``nn.Conv2d`` or ``LazyLinear``.

    Returns:
        Such as ``conv2d`` or ``linear``; perhaps in no table.
    """
    key = name.rpartition(".")[2].lower().replace("_", "")
    return ALIASES.get(key, key.removeprefix("lazy"))


def layer_named(name: str) -> Layer[Any]:
    """Return a layer by the name of its PyTorch class, case ignored.

    Args:
        name: Such as ``Conv2d`` or ``conv2d``.

    Returns:
        The layer, which is called with shapes and arguments.

    Raises:
        ShapeError: If there is none; it suggests the nearest.
    """
    if not isinstance(name, str):
        raise ShapeError(f"layer must be a name such as conv2d, not {name!r}", "layer")
    found = _found.get(name)
    if found is None:
        key = key_of(name)
        if key not in LAYERS:
            raise ShapeError(
                str(unknown("layer", name, [entry.family for entry in LAYERS.values()])), "layer"
            )
        found = _found[name] = getattr(import_module(LAYERS[key].module), key)
    return found
