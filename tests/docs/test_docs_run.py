"""Every piece of Python in the documents runs, each on its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (
    "attention.md",
    "byhand.md",
    "dreams.md",
    "explaining.md",
    "features.md",
    "fetching.md",
    "inspecting.md",
    "instruments.md",
    "runs.md",
    "text.md",
    "training.md",
    "watching.md",
    "weights.md",
)
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)
PIECES = [
    (page, number, piece)
    for page in PAGES
    for number, piece in enumerate(FENCE.findall((DOCS / page).read_text(encoding="utf-8")), start=1)
]


@pytest.mark.parametrize(("page", "number", "piece"), PIECES, ids=[f"{page}-{n}" for page, n, _ in PIECES])
def test_a_piece_of_a_page_runs(
    page: str, number: int, piece: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(piece, f"{page}, piece {number}", "exec"), {"__name__": "__main__"})
