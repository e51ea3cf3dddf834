"""Sound from a wave file: samples in −1 … 1, one channel; the standard library reads it."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from dltui.data.dataset import Floats
from dltui.data.shipped import open_asset
from dltui.errors import DltuiError

SHIPPED = "speech"  # three seconds of an audiobook
LOUDEST = 1 << 15
RATE = 16_000  # samples a second that models of sound are made for here
SECONDS_MOST = 3600


def read_sound(spec: str) -> tuple[Floats, int]:
    """Return the samples of a wave file, its channels averaged.

    Args:
        spec: A file of 16-bit samples, or ``speech`` for the clip that dltui ships.

    Returns:
        Samples (t,) in −1 … 1, and how many there are in a second.

    Raises:
        DltuiError: If the file can't be read as such a sound.
    """
    path = Path(spec).expanduser()
    try:
        shipped = spec == SHIPPED and not path.exists()
        with open_asset(f"{SHIPPED}.wav") if shipped else path.open("rb") as file, wave.open(file) as sound:
            rate, channels, width = sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
            if width != 2:
                raise DltuiError(
                    f"{spec} has samples of {8 * width} bits: expected 16, as in sox IN -b 16 OUT.wav"
                )
            frames = sound.readframes(min(sound.getnframes(), SECONDS_MOST * rate))
    except (OSError, EOFError, wave.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DltuiError(f"can't read {spec} as a sound: {reason}; expected a .wav file") from error
    samples = np.frombuffer(frames[: len(frames) // (2 * channels) * 2 * channels], "<i2")
    mean: Floats = samples.reshape(-1, channels).mean(1, dtype=np.float32) / np.float32(LOUDEST)
    return mean, rate


def loudest(spec: str, size: int) -> tuple[Floats, float]:
    """Return the loudest stretch of a sound, for models that hear one window.

    Args:
        spec: As for ``read_sound``.
        size: Samples.

    Returns:
        Samples (size,), filled up with silence where the sound is shorter, and where they begin in seconds.

    Raises:
        DltuiError: If it can't be read, or has another rate than models of sound are made for.
    """
    samples, rate = read_sound(spec)
    if rate != RATE:
        raise DltuiError(
            f"{spec} has {rate} samples a second: expected {RATE}, as in sox IN -r {RATE} OUT.wav"
        )
    if len(samples) <= size:
        return np.pad(samples, (0, size - len(samples))), 0.0
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(np.float64) ** 2)])
    start = int((energy[size:] - energy[:-size]).argmax())
    return samples[start : start + size], start / RATE
