"""What terminals answer, read right."""

from __future__ import annotations

import pytest

from dltui.draw.abilities import Abilities, read_answer


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (b"", Abilities()),
        (b"garbage", Abilities()),
        (b"\x1b[?62;22c", Abilities(answered=True)),  # alacritty
        (b"\x1b_Gi=31;OK\x1b\\\x1b[?62;c", Abilities(answered=True, kitty=True)),  # kitty
        (b"\x1b[?62;4;22;28;29c", Abilities(answered=True, sixel=True)),  # foot
        (b"\x1b[?64;14;24c", Abilities(answered=True)),  # 14 and 24 are not 4
        (b"\x1b_Gi=31;EINVAL:nope\x1b\\\x1b[?62;c", Abilities(answered=True)),
    ],
)
def test_answers(answer: bytes, means: Abilities) -> None:
    assert read_answer(answer) == means
