"""What a model takes: pictures, tokens or rows of numbers, and how they are made ready for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dltui.data.dataset import Dataset, Floats
from dltui.errors import UsageError

Kind = Literal["image", "tokens", "array"]
Pixels = NDArray[np.uint8]  # a picture as it is seen, shape (h, w, 1) or (h, w, 3)
COLOURS = (1, 3)  # channels of a picture: grey or colour
NEAR = 1e-6  # how far beyond 0 … 1 pixels may lie


class Tokenizer(Protocol):
    """How text becomes tokens, and tokens text."""

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, those that a model expects around it included."""

    def decode(self, ids: list[int]) -> str:
        """Return the text of tokens."""

    def pieces(self, ids: list[int]) -> list[str]:
        """Return what stands for each token where tokens are shown one by one."""


@dataclass(frozen=True)
class Takes:
    """What one sample of a model's inputs is.

    A pixel p in 0 … 1 of channel c becomes the number (p − mean[c]) / std[c].

    Attributes:
        kind: Pictures, tokens, or any other numbers.
        shape: Shape of one sample: (channels, height, width), (tokens at most,), or any other.
        mean: Taken off each channel of a picture; empty for nothing.
        std: What each channel is divided by after that; empty for 1.
        resize: Pixels that the shorter side of a photo gets before its middle is cut out; None to cut out as much
            of the photo as there can be.
        classes: Names of the outputs by number; empty where they have none.
        tokenizer: How text becomes tokens, or None.
        filler: The token that is put before a text that is too short, or None where a shorter one is as good.
    """

    kind: Kind
    shape: tuple[int, ...]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    resize: int | None = None
    classes: tuple[str, ...] = ()
    tokenizer: Tokenizer | None = None
    filler: int | None = None

    def values(self, pixels: Pixels) -> Floats:
        """Return a picture as the model takes it.

        Args:
            pixels: Shape (h, w, c), 0 … 255.

        Returns:
            Shape (c, h, w).
        """
        shares = pixels.astype(np.float32).transpose(2, 0, 1) / np.float32(255)
        mean, std = self._spread()
        return np.ascontiguousarray((shares - mean) / std)

    def pixels(self, values: NDArray[Any]) -> Pixels:
        """Return what the model takes as a picture, clipped to what a picture can hold.

        Args:
            values: Shape (c, h, w).

        Returns:
            Shape (h, w, c), 0 … 255.
        """
        mean, std = self._spread()
        shares = np.clip(np.nan_to_num(values * std + mean), 0, 1)
        seen: Pixels = (shares.transpose(1, 2, 0) * 255 + 0.5).astype(np.uint8)
        return seen

    def _spread(self) -> tuple[Floats, Floats]:
        """Return mean and standard deviation of the channels, shape (c, 1, 1) or (1, 1, 1)."""
        mean, std = (np.array(part, np.float32) for part in (self.mean or (0.0,), self.std or (1.0,)))
        return mean[:, None, None], std[:, None, None]


@dataclass(frozen=True)
class Letters:
    """A tokenizer for which every character is one token.

    Attributes:
        known: The characters by their number.
    """

    known: tuple[str, ...]

    def encode(self, text: str) -> list[int]:
        """Return the number of every character.

        Raises:
            UsageError: If a character isn't known.
        """
        places = {letter: place for place, letter in enumerate(self.known)}
        for letter in text:
            if letter not in places:
                raise UsageError(
                    f"{letter!r} is none of the {len(places)} characters that the model knows: "
                    f"{''.join(self.known)!r}"
                )
        return [places[letter] for letter in text]

    def decode(self, ids: list[int]) -> str:
        """Return the characters in a row."""
        return "".join(self.known[place] for place in ids)

    def pieces(self, ids: list[int]) -> list[str]:
        """Return the characters one by one."""
        return [self.known[place] for place in ids]


def takes_of(dataset: Dataset) -> Takes:
    """Return what a model takes that was made for a data set.

    Args:
        dataset: Pictures, tokens or numbers.

    Returns:
        Kind, shape, and how pixels become the numbers of that data set.
    """
    shape = dataset.input_shape
    if dataset.reads_tokens:
        plain = all(len(piece) == 1 for piece in dataset.classes)
        return Takes(
            "tokens",
            shape,
            classes=dataset.classes,
            tokenizer=Letters(dataset.classes) if plain else None,
            filler=0 if dataset.task == "classes" else None,
        )
    if len(shape) != 3 or shape[0] not in COLOURS:
        return Takes("array", shape, classes=dataset.classes)
    low, high = float(dataset.x_train.min()), float(dataset.x_train.max())
    if (low >= -NEAR and high <= 1 + NEAR) or high <= low:
        return Takes("image", shape, classes=dataset.classes)
    mean, std = -low / (high - low), 1 / (high - low)
    return Takes("image", shape, (mean,) * shape[0], (std,) * shape[0], classes=dataset.classes)
