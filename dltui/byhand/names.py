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
