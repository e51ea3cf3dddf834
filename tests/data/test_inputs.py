"""Inputs as people spell them: photos, sentences, arrays, rows of data sets."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dltui.data import load
from dltui.data.inputs import Letters, Takes, read_input, takes_of
from dltui.data.photos import fitted, read_photo
from dltui.errors import DltuiError, UsageError

IMAGENET = Takes("image", (3, 224, 224), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), resize=256)
GREY = Takes("image", (1, 8, 8))
LETTERS = Takes("tokens", (5,), tokenizer=Letters(tuple("abc ")))
ROWS = Takes("array", (4,))


def test_a_row_of_the_data_that_a_model_is_made_for_is_that_very_row() -> None:
    digits = load("digits")
    given = read_input("digits[12]", takes_of(digits))
    assert np.array_equal(given.values, digits.x_train[12:13])
    assert given.label == digits.y_train[12]
    assert given.picture is not None
    assert np.array_equal(given.picture[..., 0], (digits.x_train[12, 0] * 255 + 0.5).astype(np.uint8))
    held = read_input("digits[test:3]", takes_of(digits))
    assert np.array_equal(held.values, digits.x_test[3:4])
    assert given.tensor.shape == (1, 1, 8, 8)


def test_a_photo_is_resized_cut_and_normalised_as_the_model_was_trained(tmp_path: Path) -> None:
    read_photo("chelsea").convert("RGB").resize((451, 300)).save(tmp_path / "wide.png")
    given = read_input(str(tmp_path / "wide.png"), IMAGENET)
    assert given.picture is not None
    whole = Image.open(tmp_path / "wide.png").resize((384, 256), Image.Resampling.BILINEAR)
    assert np.array_equal(given.picture, np.array(whole)[16:240, 80:304])
    wanted = (given.picture[100, 50] / 255 - np.array(IMAGENET.mean)) / np.array(IMAGENET.std)
    assert np.allclose(given.values[0, :, 100, 50], wanted, atol=1e-6)
    assert np.array_equal(IMAGENET.pixels(given.values[0]), given.picture)


def test_a_photo_of_the_right_size_is_left_alone() -> None:
    given = read_input("chelsea", IMAGENET)
    assert given.picture is not None
    assert np.array_equal(given.picture, np.array(read_photo("chelsea")))


def test_a_photo_becomes_grey_and_small_for_a_model_of_digits() -> None:
    given = read_input("coffee", GREY)
    assert given.values.shape == (1, 1, 8, 8)
    assert given.values.dtype == np.float32
    assert 0 <= given.values.min() < given.values.max() <= 1


def test_the_middle_of_a_wide_photo_is_taken() -> None:
    wide = np.zeros((10, 40, 3), np.uint8)
    wide[:, 15:25] = 200
    assert (fitted(Image.fromarray(wide), (3, 10, 10), None) == 200).all()


def test_a_camera_that_was_turned_is_heeded(tmp_path: Path) -> None:
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 30:] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    assert read_photo(str(tmp_path / "turned.png")).size == (20, 40)


def test_data_of_another_range_tell_how_pixels_become_its_numbers(tmp_path: Path) -> None:
    x = np.random.default_rng(0).uniform(-2, 6, (30, 1, 5, 5)).astype(np.float32)
    x[0, 0, 0, :2] = -2, 6
    np.savez(tmp_path / "d.npz", x=x, y=np.arange(30) % 3)
    takes = takes_of(load(str(tmp_path / "d.npz")))
    ends = takes.values(np.array([0, 255], np.uint8).reshape(1, 2, 1))
    low, high = float(x.min()), float(x.max())
    assert np.allclose(ends.ravel(), [low, high], atol=1e-4)
    given = read_input(f"{tmp_path / 'd.npz'}[0]", takes)
    assert given.picture is not None
    spread = (given.values[0, 0] - low) / (high - low)
    assert np.abs(given.picture[..., 0] / 255 - spread).max() <= 0.5 / 255 + 1e-6


def test_a_sentence_becomes_tokens_and_a_long_one_is_cut_with_a_note(tmp_path: Path) -> None:
    given = read_input("ab c", LETTERS)
    assert given.ids == (0, 1, 3, 2)
    assert given.pieces == ("a", "b", " ", "c")
    assert given.values.tolist() == [[0, 1, 3, 2]]
    (tmp_path / "t.txt").write_text("abcabcabc")
    long = read_input(str(tmp_path / "t.txt"), LETTERS)
    assert long.ids == (0, 1, 2, 0, 1)
    assert long.note == "the first 5 of 9 tokens"


def test_a_short_name_is_filled_up_where_the_model_needs_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    names = load("names")
    given = read_input("a", takes_of(names))
    assert "".join(given.pieces) == "..a"
    monkeypatch.setattr("sys.stdin", io.StringIO("ann"))
    assert read_input("-", takes_of(names)).text == "ann"


def test_a_row_of_text_goes_through_the_tokenizer_of_the_model() -> None:
    hamlet = load("hamlet")
    given = read_input("hamlet[2]", takes_of(hamlet))
    assert np.array_equal(given.values, hamlet.x_train[2:3])
    assert len(given.pieces) == 64


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8), (1, 1, 8, 8), (8, 8, 1), (64,)])
def test_an_array_of_the_size_of_a_sample_is_one(tmp_path: Path, shape: tuple[int, ...]) -> None:
    values = np.linspace(-1, 2, 64)
    np.save(tmp_path / "a.npy", values.reshape(shape))
    assert np.allclose(read_input(str(tmp_path / "a.npy"), GREY).values.ravel(), values)


def test_arrays_of_pixels_are_treated_as_photos(tmp_path: Path) -> None:
    pixels = np.full((300, 400, 3), 128, np.uint8)
    np.save(tmp_path / "p.npy", pixels)
    given = read_input(str(tmp_path / "p.npy"), IMAGENET)
    assert given.values.shape == (1, 3, 224, 224)
    assert np.allclose(given.values[0, 0], (128 / 255 - 0.485) / 0.229, atol=1e-5)


def test_rows_are_picked_out_of_files(tmp_path: Path) -> None:
    table = np.arange(12.0).reshape(3, 4)
    np.savetxt(tmp_path / "t.csv", table, delimiter=",")
    assert read_input(f"{tmp_path / 't.csv'}[1]", ROWS).values.tolist() == [[4, 5, 6, 7]]
    np.savez(tmp_path / "one.npz", table=table)
    assert read_input(f"{tmp_path / 'one.npz'}[2]", ROWS).values.tolist() == [[8, 9, 10, 11]]
    with pytest.raises(UsageError, match=r"holds 3 samples: pick one, as in .*\[0\]"):
        read_input(str(tmp_path / "t.csv"), ROWS)


@pytest.mark.parametrize("head", ["width,height,x1,y 2\n", "\ufeffa,b,c,d\r\n", "# a, b\n", ""])
def test_the_first_line_of_a_table_may_name_its_columns(tmp_path: Path, head: str) -> None:
    (tmp_path / "t.csv").write_text(head + "1,2,nan,4e0\n5,6,7,8\n", "utf-8")
    assert read_input(f"{tmp_path / 't.csv'}[1]", ROWS).values.tolist() == [[5, 6, 7, 8]]


def test_a_table_with_words_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\nc,d\n", "utf-8")
    with pytest.raises(DltuiError, match="expected rows of numbers with commas between"):
        read_input(str(tmp_path / "t.csv"), ROWS)


@pytest.mark.parametrize(
    ("spec", "takes", "sentence"),
    [
        ("", GREY, "empty"),
        ("nowhere.jpg", GREY, "no file nowhere.jpg: try chelsea"),
        ("nowhere.npy", GREY, "no file nowhere.npy"),
        ("nowhere.txt", LETTERS, "no file nowhere.txt"),
        ("digits[99999]", GREY, "has 1437 such rows"),
        ("digits[test:99999]", GREY, r"try digits\[test:359\]"),
        ("digist[1]", GREY, "did you mean digits"),
        ("hamlet[1]", GREY, "holds tokens"),
        ("digits[1]", LETTERS, "reads tokens"),
        ("digits[1]", ROWS, r"shape \(1, 8, 8\), but the model takes \(4,\)"),
        ("chelsea", ROWS, "no picture"),
        ("-", GREY, "reads text"),
        ("xyz", LETTERS, "'x' is none of the 4 characters"),
        ("abc", Takes("tokens", (5,)), "no tokenizer"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(spec: str, takes: Takes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_input(spec, takes)


def test_files_that_are_no_pictures_or_arrays_are_refused(tmp_path: Path) -> None:
    for name in ("bad.jpg", "bad.npy", "bad.npz"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(DltuiError, match="can't read"):
            read_input(str(tmp_path / name), GREY)
    np.save(tmp_path / "o.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(DltuiError, match="can't read"):
        read_input(str(tmp_path / "o.npy"), GREY)
    np.save(tmp_path / "nan.npy", np.full((8, 8), np.nan))
    with pytest.raises(UsageError, match="not finite"):
        read_input(str(tmp_path / "nan.npy"), GREY)
