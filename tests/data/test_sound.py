"""Sound from wave files: read, and its loudest stretch taken for models that hear one window."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from dltui.data.inputs import read_input
from dltui.data.sound import loudest, read_sound
from dltui.data.takes import Takes
from dltui.errors import DltuiError


def written(path: Path, samples: np.ndarray, rate: int = 16_000, width: int = 2) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype({1: "u1", 2: "<i2", 4: "<i4"}[width]).tobytes())
    return str(path)


def test_channels_are_averaged_and_brought_to_one(tmp_path: Path) -> None:
    both = np.array([[16384, -16384], [32767, 32767], [-32768, 0]])
    samples, rate = read_sound(written(tmp_path / "x.wav", both, 8000))
    assert rate == 8000
    assert samples.dtype == np.float32
    assert samples == pytest.approx([0, 32767 / 32768, -0.5])


def test_the_loudest_stretch_is_found(tmp_path: Path) -> None:
    sound = np.zeros(5000)
    sound[3000:3100] = 1000
    path = written(tmp_path / "x.wav", sound)
    samples, start = loudest(path, 100)
    assert (samples == np.float32(1000 / 32768)).all()
    assert start == pytest.approx(3000 / 16_000)
    short, start = loudest(path, 6000)
    assert (len(short), start) == (6000, 0)
    given = read_input(path, Takes("array", (100,)))
    assert given.values.shape == (1, 100)
    assert given.note == "its loudest 100 samples, from 0.19 s"
    assert read_input("speech", Takes("array", (576,))).values.shape == (1, 576)


def test_what_is_no_such_sound_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"RIFF????WAVE")
    with pytest.raises(DltuiError, match="can't read .*no.wav as a sound: .*; expected a .wav file"):
        read_sound(str(tmp_path / "no.wav"))
    with pytest.raises(DltuiError, match="can't read .*none.wav as a sound: No such file"):
        read_sound(str(tmp_path / "none.wav"))
    with pytest.raises(DltuiError, match="has samples of 8 bits: expected 16"):
        read_sound(written(tmp_path / "8.wav", np.zeros(9), width=1))
    with pytest.raises(DltuiError, match="has 44100 samples a second: expected 16000"):
        loudest(written(tmp_path / "44.wav", np.zeros(9), 44_100), 4)
