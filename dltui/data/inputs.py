"""One input of a model, from how a person spells it: a photo, a sentence, an array, or a row of a data set."""

from __future__ import annotations

import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dltui.data.dataset import Dataset, Inputs
from dltui.data.load import load
from dltui.data.photos import SHIPPED, fitted, picture_from, read_photo
from dltui.data.sound import SHIPPED as SPEECH
from dltui.data.sound import loudest
from dltui.data.spelled import told_apart
from dltui.data.takes import COLOURS, Letters, Pixels, Takes, Tokenizer, takes_of
from dltui.errors import DltuiError, UsageError, absent

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Given", "Letters", "Takes", "Tokenizer", "as_inputs", "read_input", "read_samples", "takes_of"]

ARRAYS = (".npy", ".npz", ".csv")
TEXTS = (".txt", ".md")
ROW = re.compile(r"(?P<data>\S+)\[(?P<part>test:)?(?P<row>\d+)\]")
HELD = "test:"  # what picks a row of the held-out part: digits[test:3]
EXAMPLES = {
    "image": "try chelsea, photo.jpg, array.npy or digits[12]",
    "tokens": "try a sentence in quotes, text.txt, - for stdin, or hamlet[12]",
    "array": "try numbers.csv, array.npy or DATA[12]",
}


@dataclass(frozen=True, eq=False)
class Given:
    """One input, ready for a model.

    Attributes:
        title: What it is, such as ``chelsea`` or ``digits[12]``.
        values: What the model gets, shape (1, …): float32, or int64 for tokens.
        picture: The picture as the model sees it, pixel by pixel, shape (h, w, 1) or (h, w, 3), or None.
        text: The text; empty where there is none.
        ids: The tokens; empty where there are none.
        pieces: What stands for each token.
        label: Number of its class where that is known, or None.
        note: What a reader must know of how it was read; may be empty.
    """

    title: str
    values: Inputs
    picture: Pixels | None = None
    text: str = ""
    ids: tuple[int, ...] = ()
    pieces: tuple[str, ...] = ()
    label: int | None = None
    note: str = ""

    @property
    def tensor(self) -> Tensor:
        """What the model gets, as a tensor of its own on the CPU."""
        import torch

        return torch.from_numpy(self.values.copy())


def read_input(spec: str, takes: Takes, *, seed: int = 0) -> Given:
    """Return the input that ``spec`` names, made ready for a model.

    Args:
        spec: ``photo.jpg``, the name of a shipped photo, ``a.npy``, ``a.npz`` or ``a.csv``, a sentence, ``text.txt``,
            ``-`` for the text on stdin, a ``.wav`` (its loudest stretch, for models of sound), or ``DATA[12]`` for a
            row of a data set (``DATA[test:12]`` for a held-out one).
        takes: What the model takes.
        seed: Seed of made data.

    Returns:
        The input.

    Raises:
        UsageError: If nothing is spelled that way, or it isn't what the model takes.
        DltuiError: If a file can't be read.
    """
    if not spec.strip():
        raise UsageError(f"--input is empty: {EXAMPLES[takes.kind]}")
    row = ROW.fullmatch(spec)
    if row is not None and not Path(spec).exists():
        return _row(spec, row, takes, seed)
    suffix = Path(spec).suffix.lower()
    if suffix in ARRAYS and " " not in spec:
        return _array(spec, _read_array(Path(spec).expanduser()), takes)
    if takes.kind == "tokens":
        return _text(spec, takes)
    if takes.kind == "array" and len(takes.shape) == 1 and (suffix == ".wav" or spec == SPEECH):
        samples, start = loudest(spec, takes.shape[0])
        return Given(spec, samples[None], note=f"its loudest {len(samples)} samples, from {start:.2f} s")
    if spec == "-":
        raise UsageError(f"- reads text, but the model takes samples of shape {takes.shape}: {_try(takes)}")
    if spec not in SHIPPED and not Path(spec).expanduser().is_file():
        raise absent(spec, _try(takes))
    if takes.kind != "image":
        raise UsageError(f"the model takes samples of shape {takes.shape}, no picture: {_try(takes)}")
    return _picture(spec, fitted(read_photo(spec), takes.shape, takes.resize), takes)


def read_samples(
    data: str, takes: Takes, count: int, *, part: str = "test", seed: int = 0
) -> tuple[Inputs, NDArray[Any]]:
    """Return several samples of a data set, made ready for a model.

    Args:
        data: How the data set is spelled.
        takes: What the model takes; pictures of another size are brought to its own.
        count: How many; all where there are fewer.
        part: ``train`` or ``test``.
        seed: Seed of the draw, and of made data.

    Returns:
        Inputs of shape (n, …), and their answers.

    Raises:
        UsageError: If the data aren't what the model takes.
    """
    dataset = load(data, seed=seed)
    x, y = (dataset.x_test, dataset.y_test) if part == "test" else (dataset.x_train, dataset.y_train)
    rows = np.arange(len(x))
    if count < len(x):
        rows = np.sort(np.random.default_rng(seed).choice(len(x), count, replace=False))
    return as_inputs(x[rows], dataset, takes), y[rows]


def as_inputs(x: Inputs, dataset: Dataset, takes: Takes) -> NDArray[Any]:
    """Return samples of a data set, made ready for a model.

    Args:
        x: The samples, shape (n, …).
        dataset: What they are of.
        takes: What the model takes; pictures of another size are brought to its own.

    Returns:
        Inputs of shape (n, …).

    Raises:
        UsageError: If the data aren't what the model takes.
    """
    if takes_of(dataset) == takes:
        return x
    found = [_sample(dataset.name, one, dataset, takes, None).values for one in x]
    return np.concatenate(found)


def _try(takes: Takes) -> str:
    """Return what would be right for a model."""
    return EXAMPLES[takes.kind]


def _picture(title: str, pixels: Pixels, takes: Takes, label: int | None = None) -> Given:
    """Return a picture of the right size as an input."""
    return Given(title, takes.values(pixels)[None], pixels, label=label)


def _text(spec: str, takes: Takes) -> Given:
    """Return a sentence, the text of a file or that on stdin, as tokens."""
    path = Path(spec).expanduser()
    if spec == "-":
        return _tokens("stdin", sys.stdin.read(), takes)
    if len(spec) < 4096 and "\n" not in spec and (path.suffix.lower() in TEXTS or path.is_file()):
        try:
            return _tokens(path.name, path.read_text(encoding="utf-8"), takes)
        except FileNotFoundError as error:
            raise UsageError(f"no file {spec}: {_try(takes)}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise DltuiError(f"can't read {spec} as text in UTF-8: {_try(takes)}") from error
    return _tokens(f"“{spec}”", spec, takes)


def _tokens(title: str, text: str, takes: Takes, label: int | None = None) -> Given:
    """Return a text as tokens."""
    if takes.tokenizer is None:
        raise UsageError(
            "no tokenizer is known for this model: give the numbers of the tokens as ids.npy or ids.csv"
        )
    return _ids(title, takes.tokenizer.encode(text), takes, text=text, label=label)


def _ids(title: str, ids: list[int], takes: Takes, *, text: str = "", label: int | None = None) -> Given:
    """Return tokens as an input: no more than the model takes, and no fewer where it needs as many."""
    if not ids:
        raise UsageError(f"{title} holds no token: {_try(takes)}")
    most = takes.shape[0]
    note = f"the first {most} of {len(ids)} tokens" if len(ids) > most else ""
    ids = ids[:most]
    if takes.filler is not None:
        ids = [takes.filler] * (most - len(ids)) + ids
    tokenizer = takes.tokenizer
    pieces = [str(one) for one in ids] if tokenizer is None else tokenizer.pieces(ids)
    values = np.array([ids], np.int64)
    return Given(title, values, text=text, ids=tuple(ids), pieces=tuple(pieces), label=label, note=note)


def _row(spec: str, found: re.Match[str], takes: Takes, seed: int) -> Given:
    """Return a row of a data set, or of an array in a file."""
    source, row = found["data"], int(found["row"])
    path = Path(source).expanduser()
    if path.suffix.lower() in ARRAYS and (path.suffix.lower() != ".npz" or not _is_dataset(path)):
        array = _read_array(path)
        if array.ndim == 0 or row >= len(array):
            raise UsageError(f"{source} has {len(array) if array.ndim else 'no'} rows, so there is no {spec}")
        return _array(spec, array[row], takes)
    told_apart(source)
    dataset = load(source, seed=seed)
    x, y = (dataset.x_test, dataset.y_test) if found["part"] == HELD else (dataset.x_train, dataset.y_train)
    if row >= len(x):
        last = f"{source}[{found['part'] or ''}{len(x) - 1}]"
        raise UsageError(f"{source} has {len(x)} such rows, so there is no {spec}: try {last}")
    label = int(y[row]) if dataset.task == "classes" and takes.classes == dataset.classes else None
    return _sample(spec, x[row], dataset, takes, label)


def _sample(title: str, x: NDArray[Any], dataset: Dataset, takes: Takes, label: int | None) -> Given:
    """Return a sample of a data set, brought to the size that the model takes where both are pictures."""
    if dataset.reads_tokens:
        if takes.kind != "tokens":
            raise UsageError(f"{dataset.name} holds tokens, but the model takes none: {_try(takes)}")
        if takes.tokenizer is not None:
            return _tokens(title, "".join(dataset.classes[int(one)] for one in x), takes, label)
        return _ids(title, [int(one) for one in x], takes, label=label)
    own = takes_of(dataset)
    if takes.kind == "image" and own.kind == "image":
        same = (own.mean, own.std, own.shape) == (takes.mean, takes.std, takes.shape)
        if same:
            return Given(title, x[None], own.pixels(x), label=label)
        return _picture(
            title, fitted(picture_from(own.pixels(x)), takes.shape, takes.resize), takes, label=label
        )
    if takes.kind == "tokens":
        raise UsageError(f"{dataset.name} holds measurements, but the model reads tokens: {_try(takes)}")
    if x.shape != takes.shape:
        raise UsageError(
            f"samples of {dataset.name} have shape {x.shape}, but the model takes {takes.shape}: {_try(takes)}"
        )
    return Given(title, x[None], label=label)


def _array(title: str, array: NDArray[Any], takes: Takes) -> Given:
    """Return an array as an input; 8-bit pictures are treated as photos, other numbers are taken as they are."""
    if array.dtype.kind not in "iubf" or not array.size:
        raise UsageError(f"{title} holds {array.dtype} of shape {array.shape}: expected real numbers")
    if takes.kind == "tokens":
        flat = array.ravel()
        if array.shape not in {(flat.size,), (1, flat.size)} or (flat != np.round(flat)).any():
            raise UsageError(f"{title} holds {array.dtype} of shape {array.shape}: expected a row of tokens")
        return _ids(title, [int(one) for one in flat], takes)
    if takes.kind == "image" and array.dtype == np.uint8:
        pixels = _as_picture(array)
        if pixels is not None:
            return _picture(title, fitted(picture_from(pixels), takes.shape, takes.resize), takes)
    values = _shaped(title, array, takes).astype(np.float32)
    if not np.isfinite(values).all():
        raise UsageError(f"{title} holds numbers that are not finite: expected real numbers")
    return Given(title, values[None], takes.pixels(values) if takes.kind == "image" else None)


def _as_picture(array: NDArray[Any]) -> Pixels | None:
    """Return 8-bit numbers as a picture of shape (h, w, c), or None where they are none."""
    if array.ndim == 2:
        return array[..., None]
    if array.ndim == 3 and array.shape[-1] in COLOURS:
        return array
    if array.ndim == 3 and array.shape[0] in COLOURS:
        return np.ascontiguousarray(array.transpose(1, 2, 0))
    return None


def _shaped(title: str, array: NDArray[Any], takes: Takes) -> NDArray[Any]:
    """Return an array in the shape of one sample, or tell why it is none."""
    shape = takes.shape
    if array.shape == (1, *shape):
        return array.reshape(shape)
    if takes.kind == "image":
        if array.ndim == 2 and shape[0] == 1:
            return array[None]
        if array.ndim == 3 and array.shape[0] == shape[0]:  # any size: a network may slide over it
            return array
        if array.shape == (*shape[1:], shape[0]):
            return array.transpose(2, 0, 1)
    elif array.shape == shape:
        return array
    if array.size == np.prod(shape):
        return array.reshape(shape)
    if array.ndim and array.shape[1:] == shape:
        raise UsageError(f"{title} holds {len(array)} samples: pick one, as in {title}[0]")
    raise UsageError(f"{title} has shape {array.shape}, but the model takes {shape}: {_try(takes)}")


def _read_array(path: Path) -> NDArray[Any]:
    """Return the array in a file; nothing is unpickled."""
    table = path.suffix.lower() == ".csv"
    told = "rows of numbers with commas between, below a line of names or none" if table else "numbers alone"
    if not path.is_file():
        raise absent(path, "expected an array in .npy, .npz or .csv")
    try:
        if table:
            return np.loadtxt(
                path, delimiter=",", ndmin=1, skiprows=int(_names_columns(path)), encoding="utf-8-sig"
            )
        with path.open("rb") as file:
            stored: Any = np.load(file, allow_pickle=False)
            if isinstance(stored, np.ndarray):
                return stored
            with stored:
                names = list(stored.files)
                name = names[0] if len(names) == 1 else "x"
                if name in names:
                    return np.asarray(stored[name])
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DltuiError(
            f"can't read {path} as an array of numbers: it is damaged, or holds others; expected {told}"
        ) from error
    raise UsageError(f"{path} holds {', '.join(names)}: expected one array, or one that is called x")


def _names_columns(path: Path) -> bool:
    """Return whether the first line of a table has words and no number."""
    with path.open(encoding="utf-8-sig") as file:
        cells = file.readline().strip().split(",")
    return any(cells) and not any(map(_is_number, cells))


def _is_number(cell: str) -> bool:
    """Return whether a cell of a table is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_dataset(path: Path) -> bool:
    """Return whether a ``.npz`` holds a data set rather than an array."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name in archive.namelist() for name in ("y.npy", "y_train.npy"))
    except (OSError, zipfile.BadZipFile):
        return False
