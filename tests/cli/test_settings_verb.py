"""``dltui settings``: show, set, unset, path, as a person and as a script."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_settings_are_shown_set_and_unset(dltui: Run, tmp_path: Path) -> None:
    path = tmp_path / f"{'long-' * 20}folder of mine" / "mine.toml"
    told = dltui("settings", DLTUI_CONFIG=str(path))
    assert told.returncode == 0
    assert "viridis" in told.stdout
    assert "(not there yet)" in told.stdout
    done = dltui("settings", "set", "colormap", "magma", DLTUI_CONFIG=str(path))
    assert (done.returncode, done.stdout.strip()) == (0, "colormap is magma now.")
    shown = json.loads(dltui("settings", "--json", DLTUI_CONFIG=str(path)).stdout)
    assert shown["schema"] == "settings/1"
    assert shown["settings"]["colormap"] == {
        "value": "magma",
        "origin": "file",
        "default": "viridis",
        "allowed": "viridis cividis magma gray",
        "help": "Colours of fields that don't ask for others; all are perceptually uniform.",
    }
    assert dltui("settings", "unset", "colormap", DLTUI_CONFIG=str(path)).returncode == 0
    assert "magma" not in path.read_text()
    assert dltui("settings", "path", DLTUI_CONFIG=str(path)).stdout.strip() == str(path)


def test_wrong_settings_are_refused_in_one_sentence(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for words, told in [
        (("theme", "drak"), "error: theme can't be drak: expected one of dark, light"),
        (("them", "dark"), "error: unknown setting 'them': did you mean theme"),
        (("keys.gallery.exprt", "e"), "error: unknown action 'gallery.exprt': did you mean gallery.export"),
        (("keys.gallery.export", "ctrl+foo"), "'ctrl+foo' is no key"),
    ]:
        done = here("settings", "set", *words, DLTUI_CONFIG=str(path))
        assert done.returncode == 2
        assert told in done.stderr
        assert not path.exists()
    taken = here("settings", "set", "keys.gallery.export", "w", DLTUI_CONFIG=str(path))
    assert taken.returncode == 0
    assert "w for gallery.export already means: Say in words" in taken.stderr


def test_what_is_wrong_in_the_file_is_told_beside_what_holds(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('theme = "drak"\n')
    done = here("settings", DLTUI_CONFIG=str(path))
    assert done.returncode == 0
    assert "mine.toml: theme can't be drak" in done.stderr


def test_drawings_follow_the_settings(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    words = ("lab", "run", "two-weight-saddle", "--quiet")
    plain = here(*words, DLTUI_CONFIG=str(path)).stdout
    path.write_text('glyphs = "ascii"\n')
    ascii_only = here(*words, DLTUI_CONFIG=str(path)).stdout
    assert not plain.isascii()
    assert ascii_only.isascii()
    path.write_text('glyphs = "asci"\n')
    wrong = here(*words[:-1], DLTUI_CONFIG=str(path))
    assert wrong.returncode == 0
    assert wrong.stdout == plain
    assert "mine.toml: glyphs can't be asci" in wrong.stderr
