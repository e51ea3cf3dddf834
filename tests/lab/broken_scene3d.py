"""What is broken on purpose in the exhibits on shapes and scenes: a line each."""

from __future__ import annotations

from tests.lab.breaking import Break

BREAKS: tuple[Break, ...] = ()  # fmt: skip
