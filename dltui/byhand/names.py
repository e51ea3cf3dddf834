"""Every operation with its file and one line of help, so that asking for one imports one file."""

from __future__ import annotations

from importlib import import_module

from dltui.byhand.operation import REGISTERED, Operation
from dltui.errors import unknown
from dltui.registry import Entry

# shelf → file below dltui/byhand/operations → name → one line
FILES: dict[str, dict[str, dict[str, str]]] = {
    "layers": {
        "linear": {"linear": "Every output a weighted sum of the last dimension."},
        "convolution": {
            "conv1d": "A kernel that moves along one axis.",
            "conv2d": "A kernel that slides over a picture.",
        },
        "transposed": {
            "convtranspose1d": "A kernel laid down once for every number of a row.",
            "convtranspose2d": "A kernel laid down once for every number of a picture.",
        },
        "pooling": {
            "maxpool1d": "The largest number of each window.",
            "maxpool2d": "The largest number of each window of a picture.",
            "avgpool1d": "The mean of each window.",
            "avgpool2d": "The mean of each window of a picture.",
        },
        "interpolation": {"interpolate": "A picture made larger or smaller."},
        "sampling": {
            "affinegrid": "Where each place of a turned, scaled, moved picture comes from.",
            "gridsample": "A picture looked up where a grid points to.",
        },
        "augmentation": {
            "crop": "A window cut out of a picture.",
            "flip": "The order of a dimension turned round.",
            "normalize": "Every channel less its mean, over its deviation.",
        },
        "reshape": {"flatten": "Neighbouring dimensions made one."},
        "norms": {
            "batchnorm": "Mean 0, variance 1 a channel over the batch.",
            "layernorm": "Mean 0, variance 1 over the last dimensions.",
            "instancenorm": "Mean 0, variance 1 a channel and sample.",
            "groupnorm": "Mean 0, variance 1 a group of channels and sample.",
            "rmsnorm": "Root mean square 1 over the last dimensions.",
        },
        "softmax": {
            "softmax": "Exponentials divided by their sum.",
            "logsoftmax": "The logarithm of the softmax.",
        },
        "attention": {
            "attention": "Values averaged by how well queries match keys.",
            "multiheadattention": "Attention with several heads and projections.",
        },
        "kernel": {
            "nadarayawatson": "Known answers averaged, the nearer the more they count.",
            "positionalencoding": "Places as sines and cosines, added to tokens.",
        },
        "recurrent": {
            "rnn": "A state that takes in one input after the other.",
            "gru": "A state with gates that reset and update it.",
            "lstm": "A cell with gates that forget, write and show.",
        },
    },
    "activations": {
        "activations": {
            "sigmoid": "Any number between 0 and 1.",
            "tanh": "Any number between −1 and 1.",
            "logsigmoid": "The logarithm of the sigmoid.",
            "softplus": "A ReLU without its kink.",
            "softsign": "Between −1 and 1, slowly.",
            "tanhshrink": "What tanh takes off.",
            "silu": "x times its own sigmoid: swish.",
            "mish": "x times the tanh of its softplus.",
            "gelu": "x times the share of a normal distribution below it.",
            "glu": "Half of x, as far as the other half lets it through.",
        },
        "rectifiers": {
            "relu": "Nothing below 0.",
            "leakyrelu": "A small slope below 0.",
            "prelu": "A learned slope below 0.",
            "elu": "Bent towards −α below 0.",
            "selu": "An ELU that keeps mean 0 and variance 1.",
            "celu": "An ELU with slope 1 at 0 for every α.",
            "relu6": "A ReLU that stops at 6.",
            "hardtanh": "x itself between two bounds.",
            "hardsigmoid": "A straight line from 0 to 1.",
            "hardswish": "x times its hard sigmoid.",
            "softshrink": "Everything λ nearer to 0.",
            "hardshrink": "What is near 0 is made 0.",
            "threshold": "One number for all that is not above a threshold.",
        },
    },
    "losses": {
        "regression": {
            "mseloss": "The mean of squared errors.",
            "l1loss": "The mean of absolute errors.",
            "huberloss": "Squared near 0, straight further out.",
            "smoothl1loss": "Huber's loss, its straight part with slope 1.",
        },
        "binary": {
            "bceloss": "The surprise at each yes and no, of probabilities.",
            "bcewithlogitsloss": "The surprise at each yes and no, of logits.",
            "focalloss": "The same, counting less what is right already.",
            "hingeloss": "How far wrong scores reach into the margin.",
        },
        "classes": {
            "crossentropyloss": "The surprise at the right class, of logits.",
            "nllloss": "The surprise at the right class, of logarithms.",
            "kldivloss": "The surprise too much of a wrong belief.",
        },
        "pairs": {
            "cosineembeddingloss": "Pairs point the same way, strangers apart.",
            "tripletmarginloss": "The positive is nearer than the negative.",
            "infonceloss": "Each query picks its own key among all.",
        },
    },
    "metrics": {
        "counts": {
            "accuracy": "The share of samples whose right class is on top.",
            "precisionrecall": "Precision, recall and F₁ from the confusion matrix.",
            "iou": "Intersection over union of two boxes.",
            "maskiou": "Intersection over union and Dice of two masks.",
        },
        "texts": {
            "bleu": "The share of n-grams that stand in a reference.",
            "rouge": "How much of a reference a summary holds.",
            "perplexity": "How unsure a model was of the tokens that came.",
        },
        "clouds": {
            "chamfer": "Every point to the nearest of the other cloud.",
            "emd": "The cheapest way to carry one cloud to another.",
        },
    },
    "optimisers": {
        "optimisers": {
            "sgd": "Steps against the gradient, with momentum or without.",
            "adagrad": "Steps over the root of all squares so far.",
            "rmsprop": "Steps over the root of the mean square.",
            "adadelta": "Steps as large as earlier steps were.",
            "adam": "Mean gradient over root mean square.",
            "adamw": "Adam with weight decay of its own.",
        },
    },
    "backprop": {
        "backprop": {"backprop": "Gradients through a typed expression, gate by gate."},
        "mlp": {"mlp": "Gradients through a small network and its loss."},
    },
}
OPERATIONS = {
    name: Entry(f"dltui.byhand.operations.{file}", summary, shelf)
    for shelf, files in FILES.items()
    for file, lines in files.items()
    for name, summary in lines.items()
}
ALIASES = {
    "fc": "linear",
    "conv": "conv2d",
    "maxpool": "maxpool2d",
    "avgpool": "avgpool2d",
    "mha": "multiheadattention",
}
ALIASES |= {"mse": "mseloss", "mae": "l1loss", "l1": "l1loss", "huber": "huberloss", "bce": "bceloss"}
ALIASES |= {"bcelogits": "bcewithlogitsloss", "ce": "crossentropyloss", "crossentropy": "crossentropyloss"}
ALIASES |= {
    "nll": "nllloss",
    "kl": "kldivloss",
    "kldiv": "kldivloss",
    "hinge": "hingeloss",
    "focal": "focalloss",
}
ALIASES |= {"triplet": "tripletmarginloss", "infonce": "infonceloss", "cosine": "cosineembeddingloss"}
ALIASES |= {f"{kind}{axes}d": kind for kind in ("batchnorm", "instancenorm") for axes in (1, 2, 3)}
ALIASES |= {f"{kind}cell": kind for kind in ("rnn", "gru", "lstm")}
ALIASES |= {
    "topk": "accuracy",
    "f1": "precisionrecall",
    "precision": "precisionrecall",
    "recall": "precisionrecall",
}
ALIASES |= {"wasserstein": "emd", "dice": "maskiou"}
ALIASES |= {"expression": "backprop", "network": "mlp", "perceptron": "mlp"}
ALIASES |= {"resize": "interpolate", "upsample": "interpolate", "normalise": "normalize"}
ALIASES |= {"swish": "silu", "lrelu": "leakyrelu"}
ALIASES |= {"bn": "batchnorm", "scaleddotproductattention": "attention"}


def key_of(name: str) -> str:
    """Return how an operation stands in the table: lower case, without ``nn.``, ``_`` and dashes."""
    key = name.rpartition(".")[2].lower().replace("_", "").replace("-", "")
    return ALIASES.get(key, key)


def load(name: str) -> Operation:
    """Import the file of an operation and return it.

    Args:
        name: As it is typed; case, dashes and ``nn.`` are ignored.

    Returns:
        The operation.

    Raises:
        UsageError: If there is none; it suggests the nearest.
    """
    key = key_of(name)
    if key not in OPERATIONS:
        raise unknown("operation", name, OPERATIONS)
    import_module(OPERATIONS[key].module)
    return REGISTERED[key]
