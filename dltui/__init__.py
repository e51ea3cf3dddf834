"""dltui: see what a neural network does without leaving the terminal."""

__version__ = "0.1.0"
