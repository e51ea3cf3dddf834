"""Nobody sees half a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dltui.errors import DltuiError
from dltui.files import replacing, write_text


def test_an_error_leaves_the_old_file_and_nothing_new(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "c.txt", "θ")
    assert (tmp_path / "a" / "b" / "c.txt").read_text(encoding="utf-8") == "θ"


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        DltuiError, match=r"can't write .*file/x.txt: .*; name a folder that you may write to"
    ):
        write_text(tmp_path / "file" / "x.txt", "")
