"""The application without a picture: numbered lists and sentences, line by line, for screen readers and pipes.

Nothing is drawn over, and no cursor is moved: what was written stays. Answers are read a line at a time, so that
a file of answers does as well as a person. Everything that is run is a command line, which is told first.
"""

from dltui.plain.home import open_plain

__all__ = ["open_plain"]
