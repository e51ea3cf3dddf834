"""Text, speech and pictures turned into tensors, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Figure, Heatmap, Images, Lines, Series, Step, Steps, Table, Tokens
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near
from dltui.shapes import infer
from dltui.shapes.report import show

Array = NDArray[np.float64]
SENTENCE = "the cat sat on the mat and the dog sat on the log"
LOW, HIGH = 200.0, 3000.0  # Hz at the beginning and at the end of the sweep


@exhibit(
    "input-encodings",
    family="shapes",
    covers=("000a:data-encoding",),
    kin={
        "dltui shapes embedding -i 1,13 --num-embeddings 9 --embedding-dim 6": "the table behind an embedding",
        "dltui shapes patchembedding -i 1,1,8,8 --embed-dim 16 --patch-size 4": "a picture cut into tokens",
        "dltui data": "the data sets that ship",
    },
    sources=("Davis, Mermelstein 1980 (mel frames)", "Dosovitskiy et al. 2021, arXiv:2010.11929 (patches)"),
)
def input_encodings(
    kind: Annotated[str, Choice("speech", "text", "image", help="what is encoded")] = "speech",
    window: Annotated[float, Slider(5, 100, help="length of a speech frame in ms")] = 25.0,
    hop: Annotated[float, Slider(1, 50, help="ms from frame to frame")] = 10.0,
    seconds: Annotated[float, Slider(0.2, 4, help="length of the sound in s")] = 1.0,
    mels: Annotated[int, Slider(8, 128, help="bands of a speech frame")] = 40,
    vocabulary: Annotated[
        int, Slider(4, 64, help="words of the table; the rest become one unknown word")
    ] = 9,
    width: Annotated[int, Slider(2, 32, help="features of a word or a patch")] = 6,
    patch: Annotated[int, Slider(1, 8, help="side of a patch; it must divide the picture's 8")] = 4,
    seed: Annotated[int, Slider(0, 9999, help="seed of the tables")] = 0,
) -> Iterator[Frame]:
    """What text, a second of sound and a picture look like as tensors, with the shape after every stage.

    Try: --kind text, --kind image; --hop 5 doubles the frames of speech; --vocabulary 4 makes most words unknown.
    Notice: all three end as a row of vectors of equal width, (batch, steps, features), the shape that attention and
    recurrent networks take, or as a picture for convolutions.

    Text: words → whole numbers → one-hot rows (steps, V); a one-hot row times a table (V, E) picks a row of the
    table, and that is all an Embedding does. Speech: samples → overlapping frames of a few ms, each multiplied by a
    Hann window → the size of its Fourier coefficients → bands that grow wider with pitch (mel) → logarithm. Of n
    samples with window w and hop h, unpadded, 1 + ⌊(n − w)/h⌋ frames fit: 98 for a second, 25 ms and 10 ms. Pictures:
    bytes → numbers in 0 … 1 → less the mean, divided by the deviation → (1, C, H, W), or patches as tokens.
    """
    if kind == "speech":
        stages, figures, numbers = speech(window, hop, seconds, mels)
    elif kind == "text":
        stages, figures, numbers = text(vocabulary, width, seed)
    else:
        stages, figures, numbers = image(patch, width, seed)
    table = Table(
        title="Stage by stage",
        columns=("stage", "shape", "what it holds"),
        rows=tuple((name, show(shape), told) for name, shape, told in stages),
    )
    numbers |= {"shape": list(stages[-1][1])}
    yield Frame(figures=(*figures, table), numbers=numbers, caption=f"{kind}: {show(stages[-1][1])}", total=1)


Stages = list[tuple[str, tuple[int, ...], str]]
Encoded = tuple[Stages, tuple[Figure, ...], dict[str, Number]]


def text(vocabulary: int, width: int, seed: int) -> Encoded:
    """Return a sentence as numbers, as one-hot rows and as rows of a table."""
    words = SENTENCE.split()
    known = ["unknown", *dict.fromkeys(words)][:vocabulary]
    ids = np.array([known.index(word) if word in known else 0 for word in words])
    hot = one_hot(ids, len(known))
    table = np.random.default_rng(seed).standard_normal((len(known), width))
    rows = hot @ table
    stages: Stages = [
        ("sentence", (len(words),), "words"),
        ("numbers", ids.shape, f"places in a table of {len(known)} words, 0 for unknown"),
        ("one-hot", hot.shape, "a single 1 a row"),
        ("table", table.shape, "a row a word, learned in training, drawn at random here"),
        ("embedded", (1, *rows.shape), "one-hot times table: rows picked from it, with a batch of 1"),
    ]
    figures = (
        Tokens(
            title="Words and their numbers",
            tokens=tuple(words),
            weights=ids.astype(float),
            value_label="place",
        ),
        _field("One-hot rows", hot, "place in the table", "word", "1 where the word stands"),
        _field("Embedded", rows, "feature", "word", "feature"),
    )
    return stages, figures, {"ids": ids.tolist(), "rows": rows.tolist()}


def one_hot(ids: NDArray[np.int64], count: int) -> Array:
    """Return a row for each number, 1 at its place and 0 elsewhere, shape (n, count)."""
    hot = np.zeros((len(ids), count))
    hot[np.arange(len(ids)), ids] = 1.0
    return hot


def speech(window: float, hop: float, seconds: float, mels: int, rate: int = 16_000) -> Encoded:
    """Return a rising tone as frames, as a spectrum and as the logarithm of mel bands."""
    sound = sweep(seconds, rate)
    wide, step = max(round(window * rate / 1000), 2), max(round(hop * rate / 1000), 1)
    cut = frames(sound, wide, step)
    sizes = spectrum(cut)
    bands = sizes**2 @ mel_bands(mels, wide, rate).T
    logged = np.log(bands + 1e-10)
    count = len(cut)
    stages: Stages = [
        ("samples", sound.shape, f"{seconds:g} s at {rate:,} a second"),
        ("frames", cut.shape, f"{window:g} ms each, one every {hop:g} ms, no padding"),
        ("spectrum", sizes.shape, "sizes of the Fourier coefficients, 0 … 8000 Hz"),
        ("mel bands", bands.shape, "power in bands that grow wider with pitch"),
        ("logarithm", (1, *logged.shape), "what a network gets, with a batch of 1"),
    ]
    steps = Steps(
        title="How many frames fit",
        steps=(
            Step(formula=f"n = {len(sound):,} samples, w = {wide:,}, h = {step:,}"),
            Step(formula=f"1 + ⌊(n − w) / h⌋ = 1 + ⌊{(len(sound) - wide) / step:.2f}⌋ = {count}"),
        ),
    )
    x = np.arange(wide) / rate * 1000
    padded = np.pad(sound, (0, max(wide - len(sound), 0)))
    lines = Lines(
        title="The first frame before and after its window",
        series=(
            Series(name="samples", x=x, y=padded[:wide]),
            Series(name="times Hann", x=x, y=cut[0]),
        ),
        x_label="ms",
        y_label="sample",
    )
    picture = _field(
        "Log-mel frames of a rising tone", logged.T, "frame", "mel band", "log power", downwards=False
    )
    numbers: dict[str, Number] = {"frames": count, "window": wide, "hop": step}
    return stages, (picture, lines, steps), numbers


def sweep(seconds: float, rate: int) -> Array:
    """Return a tone that rises from 200 to 3000 Hz."""
    t = np.arange(round(seconds * rate)) / rate
    found: Array = np.sin(2 * np.pi * (LOW * t + (HIGH - LOW) * t**2 / (2 * seconds)))
    return found


def frames(sound: Array, wide: int, step: int) -> Array:
    """Return overlapping frames times a periodic Hann window, shape (frames, wide); a short sound gives one."""
    if len(sound) < wide:
        sound = np.pad(sound, (0, wide - len(sound)))
    cut = np.lib.stride_tricks.sliding_window_view(sound, wide)[::step]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(wide) / wide)
    found: Array = cut * hann
    return found


def spectrum(cut: Array) -> Array:
    """Return the sizes of the Fourier coefficients of each frame, shape (frames, wide // 2 + 1)."""
    found: Array = np.abs(np.fft.rfft(cut, axis=1))
    return found


def mel_bands(count: int, wide: int, rate: int) -> Array:
    """Return triangles over frequency, evenly spaced on the mel scale 2595·log₁₀(1 + f/700), shape (count, bins)."""
    pitch = np.fft.rfftfreq(wide, 1 / rate)
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 2) / 2595) - 1)
    up = (pitch - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - pitch) / (edges[2:] - edges[1:-1])[:, None]
    found: Array = np.maximum(np.minimum(up, down), 0.0)
    return found


def image(patch: int, width: int, seed: int) -> Encoded:
    """Return a handwritten digit as numbers, as a standardised tensor and as patches."""
    from dltui.data.load import load

    data = load("digits")
    picture = np.asarray(data.x_train[0, 0], dtype=float)
    mean, spread = float(data.x_train.mean()), float(data.x_train.std())
    tensor = ((picture - mean) / spread)[None, None]
    stages: Stages = [
        ("bytes", (8, 8), "ink of a digit, 0 … 16"),
        ("numbers", picture.shape, "divided by 16: 0 … 1"),
        (
            "tensor",
            tensor.shape,
            f"less the mean {mean:.3f}, by the deviation {spread:.3f}; batch and channel before",
        ),
    ]
    shown: list[Figure] = [
        Images(title="A digit", pixels=picture[None], names=(f"a {data.classes[int(data.y_train[0])]}",)),
        _field("Standardised", tensor[0, 0], "column", "row", "number"),
    ]
    numbers: dict[str, Number] = {"mean": float(tensor.mean())}
    if 8 % patch:
        stages.append((
            "patches",
            tensor.shape,
            f"no patches: 8 does not split into {patch}; take 1, 2, 4 or 8",
        ))
        return stages, tuple(shown), numbers
    cut = patches(tensor[0, 0], patch)
    table = np.random.default_rng(seed).standard_normal((patch * patch, width)) / patch
    tokens = cut @ table
    want = infer("patchembedding", (1, 1, 8, 8), embed_dim=width, patch_size=patch, cls_token=False)
    stages += [
        ("patches", cut.shape, f"squares of {patch} × {patch}, row by row, each flattened"),
        ("tokens", want.output, "times a matrix, with a batch of 1"),
    ]
    shown.append(_field("Patches as tokens", tokens, "feature", "patch", "number"))
    return stages, tuple(shown), numbers | {"tokens": tokens.tolist()}


def patches(picture: Array, side: int) -> Array:
    """Return the squares of a picture row by row, each flattened, shape (patches, side²)."""
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    return picture.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, side * side)


def _field(title: str, values: Array, x: str, y: str, told: str, *, downwards: bool = True) -> Heatmap:
    """Return a matrix as a heat map."""
    height, width = values.shape
    return Heatmap(
        title=title,
        values=values,
        x=np.arange(width, dtype=float),
        y=np.arange(height, dtype=float),
        x_label=x,
        y_label=y,
        value_label=told,
        downwards=downwards,
    )


@input_encodings.check
def frames_of_a_second() -> None:
    """1 s, 25 ms window, 10 ms hop, unpadded: 98 frames (notes 000a); other lengths by counting."""
    last = input_encodings.last()
    near("frames", last.numbers["frames"], 98)
    near("shape", last.numbers["shape"], (1, 98, 40))
    for seconds, window, hop in ((0.5, 25, 10), (1.3, 30, 7.5), (2, 100, 50)):
        last = input_encodings.last(seconds=seconds, window=window, hop=hop)
        wide, step, count, at = round(window * 16), round(hop * 16), 0, 0
        while at + wide <= round(seconds * 16_000):
            count, at = count + 1, at + step
        near("frames", last.numbers["frames"], count)


@input_encodings.check
def spectrum_equals_torch() -> None:
    """The sizes of the coefficients against torch.stft without centring, to 1e-9."""
    import torch

    sound = sweep(0.3, 16_000)
    theirs = torch.stft(
        torch.from_numpy(sound),
        400,
        160,
        window=torch.hann_window(400, dtype=torch.float64),
        center=False,
        return_complex=True,
    )
    near("spectrum", spectrum(frames(sound, 400, 160)), theirs.abs().T.numpy(), 1e-9)


@input_encodings.check
def a_tone_lies_in_its_bin() -> None:
    """A tone of 1000 Hz, 400 samples at 16 kHz: the largest coefficient is number 25, 1000 / 40 Hz."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000)
    near("bin", np.unique(spectrum(frames(tone, 400, 160)).argmax(axis=1)), [25])
    bands = mel_bands(40, 400, 16_000)
    near(
        "bands overlap to 1 between the first and the last middle",
        bands.sum(axis=0)[10:180],
        np.ones(170),
        1e-9,
    )


@input_encodings.check
def one_hot_times_table_is_an_embedding() -> None:
    """The embedded sentence against torch's Embedding with the same table; one 1 a row."""
    import torch

    last = input_encodings.last(kind="text", seed=3)
    ids = np.array(last.numbers["ids"])
    known = int(ids.max()) + 1
    near("sums of rows", one_hot(ids, known).sum(axis=1), np.ones(len(ids)))
    table = torch.from_numpy(np.random.default_rng(3).standard_normal((9, 6)))
    near(
        "rows",
        last.numbers["rows"],
        torch.nn.functional.embedding(torch.from_numpy(ids), table).numpy(),
        1e-12,
    )


@input_encodings.check
def patches_are_a_convolution() -> None:
    """Tokens of patches against torch's convolution whose stride is its kernel, to 1e-6."""
    import torch

    last = input_encodings.last(kind="image", patch=4, width=6, seed=1)
    table = np.random.default_rng(1).standard_normal((16, 6)) / 4
    from dltui.data.load import load

    data = load("digits")
    x = (data.x_train[0].astype(float) - float(data.x_train.mean())) / float(data.x_train.std())
    weight = torch.from_numpy(table.T.reshape(6, 1, 4, 4))
    theirs = torch.nn.functional.conv2d(torch.from_numpy(x)[None], weight, stride=4).flatten(2)[0].T
    near("tokens", last.numbers["tokens"], theirs.numpy(), 1e-6)
