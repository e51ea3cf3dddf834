"""Watching runs: what their rows tell, what is ill in it, and how it is shown. No torch."""

from dltui.watching.course import Course, course_of
from dltui.watching.finding import Finding
from dltui.watching.rules import diagnose

__all__ = ["Course", "Finding", "course_of", "diagnose"]
