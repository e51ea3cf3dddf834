"""Settings: one TOML file of a few keys, each with a default; the environment wins over the file."""

from dltui.settings.reading import Loaded, load, settings_path
from dltui.settings.rules import RULES, Rule, from_text, rule_of, written
from dltui.settings.tree import COLORMAPS, GLYPHS, THEMES, Settings
from dltui.settings.writing import change

__all__ = [
    "COLORMAPS",
    "GLYPHS",
    "RULES",
    "THEMES",
    "Loaded",
    "Rule",
    "Settings",
    "change",
    "from_text",
    "load",
    "rule_of",
    "settings_path",
    "written",
]
