"""What is moved when a picture is made up: its pixels, or its frequencies, which lets coarse shapes grow first.

A picture is p = sigmoid(C · F(θ)) with pixels in 0 … 1. F is the identity, or the inverse Fourier transform with every
frequency f scaled by 1/f, so that a step changes the picture as pictures of the world differ (Olah, Mordvintsev and
Schubert 2017, doi:10.23915/distill.00007); C mixes three colours as they are correlated in ImageNet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.data.takes import Takes
from dltui.instruments.dream.priors import blurred

Paint = Literal["fourier", "pixels"]
# Square root of the covariance of colours in ImageNet, as Lucid has measured it, over its largest column.
COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
SOFT = 0.25  # spread of F(θ) for a θ of unit spread


class Canvas(Protocol):
    """Something that can be moved and seen as inputs of a network."""

    theta: Tensor

    def pixels(self) -> Tensor:
        """Return the pictures, shape (n, c, h, w), 0 … 1; other inputs as they are, shape (n, …)."""

    def values(self, pixels: Tensor) -> Tensor:
        """Return them as the network takes them."""

    def blur(self, sigma: float) -> None:
        """Lay a blur over what is moved."""


class Picture:
    """Pictures, moved by pixels or by frequencies.

    Args:
        takes: What the network takes.
        count: n, how many pictures.
        paint: What is moved.
        start: Noise of unit spread, shape (n, c, h, w).
        contrast: Spread of the first pictures before the sigmoid.
        device: Where they are.
    """

    def __init__(self, takes: Takes, paint: Paint, start: Tensor, contrast: float) -> None:
        self._fourier, self._size = paint == "fourier", start.shape[-2:]
        self._mean, self._std = spread(takes, start.device)
        norm = COLOURS.norm(dim=0).max()
        self._mix = (COLOURS / norm).to(start.device) if self._fourier and start.shape[1] == 3 else None
        if self._fourier:
            spectrum = torch.fft.rfft2(start, norm="ortho")
            self._scale = _pink(self._size, start.device)
            start = torch.view_as_real(spectrum)
        self.theta = (start * contrast).requires_grad_()

    def pixels(self) -> Tensor:
        """Return the pictures, shape (n, c, h, w), 0 … 1."""
        return torch.sigmoid(self._latent())

    def values(self, pixels: Tensor) -> Tensor:
        """Return pictures as the network takes them."""
        return (pixels - self._mean) / self._std

    def blur(self, sigma: float) -> None:
        """Lay a Gaussian blur over what is moved."""
        with torch.no_grad():
            if not self._fourier:
                self.theta.copy_(blurred(self.theta, sigma))
                return
            high, wide = self._size
            square = _frequencies(high, wide, self.theta.device).square()
            self.theta.mul_(torch.exp(-2 * (torch.pi * sigma) ** 2 * square)[..., None])

    def _latent(self) -> Tensor:
        """Return what the sigmoid is taken of."""
        if not self._fourier:
            return self.theta
        spectrum = torch.view_as_complex(self.theta) * self._scale
        found: Tensor = torch.fft.irfft2(spectrum, s=self._size, norm="ortho")
        return found if self._mix is None else torch.einsum("dc,nchw->ndhw", self._mix, found)


class Numbers:
    """Inputs that are no pictures: moved as they are, and held near 0 by what is asked of them.

    Args:
        start: Noise of unit spread, shape (n, …).
        contrast: Spread of the first inputs.
    """

    def __init__(self, start: Tensor, contrast: float) -> None:
        self.theta = (start * contrast).requires_grad_()

    def pixels(self) -> Tensor:
        """Return the inputs, shape (n, …)."""
        return self.theta

    def values(self, pixels: Tensor) -> Tensor:
        """Return the inputs."""
        return pixels

    def blur(self, sigma: float) -> None:
        """Leave them as they are: their neighbours mean nothing."""


def canvas(takes: Takes, paint: Paint, start: Tensor, contrast: float) -> Canvas:
    """Return what is moved for a network.

    Args:
        takes: What it takes.
        paint: What is moved of pictures.
        start: Noise of unit spread, shape (n, …).
        contrast: Spread of what is shown first.

    Returns:
        The canvas.
    """
    return Picture(takes, paint, start, contrast) if takes.kind == "image" else Numbers(start, contrast)


def _frequencies(high: int, wide: int, device: torch.device) -> Tensor:
    """Return the frequency of every entry of a real Fourier transform, in cycles a pixel."""
    down, across = torch.fft.fftfreq(high, device=device), torch.fft.rfftfreq(wide, device=device)
    found: Tensor = torch.hypot(down[:, None], across[None])
    return found


def _pink(size: Sequence[int], device: torch.device) -> Tensor:
    """Return 1/f, levelled off below one cycle a picture, with a mean square of 1 over all frequencies."""
    high, wide = size
    scale = 1 / _frequencies(high, wide, device).clamp_min(1 / max(high, wide))
    return scale / scale.square().mean().sqrt()


def seen(pixels: Tensor) -> NDArray[np.float32]:
    """Return pictures as figures take them.

    Args:
        pixels: Shape (n, c, h, w), 0 … 1, or inputs that are no pictures.

    Returns:
        Shape (n, h, w) or (n, h, w, 3); other inputs as they are.
    """
    found = pixels.detach().float().cpu()
    if found.ndim != 4:
        return found.numpy()
    return found[:, 0].numpy() if found.shape[1] == 1 else found.permute(0, 2, 3, 1).contiguous().numpy()


def spread(takes: Takes, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of the channels, as far as inputs are pictures, shape (c, 1, 1)."""
    mean = torch.tensor(takes.mean or (0.0,), device=device)
    std = torch.tensor(takes.std or (1.0,), device=device)
    return mean[:, None, None], std[:, None, None]
