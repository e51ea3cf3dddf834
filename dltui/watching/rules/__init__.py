"""Rules that read an illness, or nothing, off the course of a run; each one is a pure function."""

from dltui.watching.rules.diagnose import RULES, diagnose

__all__ = ["RULES", "diagnose"]
