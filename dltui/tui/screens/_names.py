"""Which screen opens which kind of thing; a new screen is one file and one line here."""

from __future__ import annotations

SCREENS = {
    "result": "dltui.tui.screens.result:ResultScreen",
    "run": "dltui.tui.screens.run:RunScreen",
    "model": "dltui.tui.screens.card:CardScreen",
    "checkpoint": "dltui.tui.screens.card:CardScreen",
    "exhibit": "dltui.tui.screens.card:CardScreen",
}
