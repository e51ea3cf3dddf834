"""Hamlet, letter by letter: what comes next?"""

from __future__ import annotations

import gzip

import numpy as np

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset, cut
from dltui.data.shipped import open_asset
from dltui.spelling import in_range

PART = 10  # the last tenth of the play is held out


@dataset("hamlet")
def hamlet(name: str, seed: int, *, context: int = 64) -> Dataset:  # noqa: ARG001 - nothing is drawn here
    """Hamlet by the letter: 173,942 characters, 65 of them different.

    W. Shakespeare, *Hamlet, Prince of Denmark*, as Project Gutenberg has it. The rows to learn from are cut anew in
    every epoch; those held out, and those that instruments look at, lie end to end.

    Args:
        name: How it was spelled.
        seed: Not used: text and split are always the same.
        context: Characters in a row; a model sees no further back.

    Returns:
        Tokens of shape (context,) and the characters after them; the last tenth of the play is held out.
    """
    with open_asset("hamlet.txt.gz") as file:
        text = gzip.decompress(file.read()).decode("ascii")
    known = sorted(set(text))
    tokens = np.searchsorted(known, list(text)).astype(np.int64)
    learn, held = np.split(tokens, [len(tokens) - len(tokens) // PART])
    in_range("hamlet", "context", context, 1, len(held) // 2)
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
        classes=tuple(known),
        split="the last tenth of the play held out",
        source="Hamlet, text of Project Gutenberg, as the Python package shakespeare has it",
        stream=learn,
    )
