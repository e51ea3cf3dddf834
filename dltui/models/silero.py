"""Silero VAD, 16 kHz: is someone speaking? Silero Team, 2020 to 2026.

32 ms of sound (512 samples, with the 64 before them) go through a Fourier transform written as a convolution, four
convolutions, one cell of an LSTM that remembers what was heard before, and a last layer. Layers are named as in the
weights that the Silero team publishes.

Shape letters in this file: B batch, T samples, C channels, F frames.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.models._registry import model

RATE, STEP, CONTEXT = 16_000, 512, 64  # samples a second, in one step, and before it
WINDOW = CONTEXT + STEP
FOURIER, HOP = 256, 128  # samples in one window of the transform, and from one to the next
BINS, HIDDEN = FOURIER // 2 + 1, 128

State = tuple[Tensor, Tensor]


class Silero(nn.Module):
    """Transform, four convolutions, an LSTM cell, and one number: the logit of speech."""

    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 2 * BINS, FOURIER, HOP, bias=False)
        self.conv1, self.relu1 = nn.Conv1d(BINS, 128, 3, padding=1), nn.ReLU()
        self.conv2, self.relu2 = nn.Conv1d(128, 64, 3, 2, padding=1), nn.ReLU()
        self.conv3, self.relu3 = nn.Conv1d(64, 64, 3, 2, padding=1), nn.ReLU()
        self.conv4, self.relu4 = nn.Conv1d(64, HIDDEN, 3, padding=1), nn.ReLU()
        self.lstm_cell, self.relu5 = nn.LSTMCell(HIDDEN, HIDDEN), nn.ReLU()
        self.final_conv = nn.Conv1d(HIDDEN, outputs, 1)
        with torch.no_grad():
            self.stft_conv.weight.copy_(fourier_kernels())

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map windows of 576 samples to logits (B, 1), as if nothing had been heard before."""
        return self.step(x_BT, None)[0]

    def step(self, x_BT: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Map windows of 576 samples and what was heard before to logits (B, 1) and what is remembered now."""
        spectrum = self.stft_conv(functional.pad(x_BT[:, None], (0, CONTEXT), "reflect"))
        h_BCF = (spectrum[:, :BINS].square() + spectrum[:, BINS:].square()).sqrt()
        h_BCF = self.relu2(self.conv2(self.relu1(self.conv1(h_BCF))))
        h_BCF = self.relu4(self.conv4(self.relu3(self.conv3(h_BCF))))
        hidden, cell = self.lstm_cell(h_BCF[:, :, 0], state)
        y_B1: Tensor = self.final_conv(self.relu5(hidden)[:, :, None])[:, :, 0]
        return y_B1, (hidden, cell)


def fourier_kernels() -> Tensor:
    """Return cosines and sines under a Hann window, shape (2 · BINS, 1, FOURIER): the transform as a convolution."""
    times = torch.arange(FOURIER, dtype=torch.float64)
    angles = 2 * torch.pi * torch.arange(BINS, dtype=torch.float64)[:, None] * times / FOURIER
    waves = torch.cat([angles.cos(), -angles.sin()])
    return (waves * torch.hann_window(FOURIER, dtype=torch.float64)).float()[:, None]


@torch.no_grad()
def listen(module: Silero, sound_T: Tensor) -> Tensor:
    """Return how likely speech is in every 32 ms of a sound.

    Args:
        module: The network.
        sound_T: Samples at 16 kHz, −1 … 1.

    Returns:
        Probabilities, one for each 512 samples; the end is filled up with silence.
    """
    steps = -(-len(sound_T) // STEP)
    padded = functional.pad(sound_T, (CONTEXT, steps * STEP - len(sound_T)))
    state: State | None = None
    heard = []
    for step in range(steps):
        logits, state = module.step(padded[None, step * STEP : step * STEP + WINDOW], state)
        heard.append(logits[0, 0].sigmoid())
    return torch.stack(heard) if heard else torch.zeros(0)


@model("silero")
def silero(input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """Silero VAD: is someone speaking in these 32 ms?

    Parameters: 309,633 with one output, 66,048 of them the Fourier transform, which starts as what it is.

    Args:
        input_shape: (576,), samples at 16 kHz: 64 from before and 512 new ones.
        outputs: K, numbers out.

    Returns:
        The network, freshly initialised as torch does it.

    Raises:
        UsageError: If the samples are no such windows.
    """
    if input_shape != (WINDOW,):
        told = " × ".join(map(str, input_shape))
        raise UsageError(f"silero hears windows of {WINDOW} samples, but each sample here is {told}")
    return Silero(outputs)
