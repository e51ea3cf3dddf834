"""Lets the tests of the calculus import the harness beside them, and prints how often both agreed."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print a line a family when DLTUI_FUZZ asks for many settings: all of them agree, or a test has failed."""
    from fuzz import COUNT, by_family

    if COUNT:
        terminalreporter.section("settings that PyTorch and the calculus answer alike")
        for line in by_family():
            terminalreporter.write_line(line)
