"""Room in memory, as the system tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dltui.instruments import memory


def test_what_is_only_kept_of_files_counts_as_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "meminfo"
    told.write_text("MemTotal:  24000 kB\nMemFree:  100 kB\nMemAvailable:  2000 kB\nCached:  1900 kB\n")
    monkeypatch.setattr(memory, "TOLD", told)
    assert memory.free() == 2000 * 1024


@pytest.mark.parametrize("text", ["", "MemAvailable: plenty\n"])
def test_a_system_that_tells_otherwise_is_asked_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    told = tmp_path / "meminfo"
    told.write_text(text)
    monkeypatch.setattr(memory, "TOLD", told)
    assert memory.free() > 1 << 20
