"""The code of ``docs/planes.md`` runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dltui.training import train

PAGE = Path(__file__).resolve().parents[3] / "docs" / "planes.md"


def test_the_code_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    train("mlp:width=8", "digits", wishes={"epochs": 3, "batch_size": 128})
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})
    shares, barriers = capsys.readouterr().out.splitlines()
    assert shares.startswith("[")
    assert barriers.count(",") == 1
