"""Layers, activations, losses, metrics and optimiser steps worked by hand: every line from the expression that gave it.

``work("conv2d", {"x": …, "weight": …})`` returns the values, the lines that lead to them, and the gradients by the
chain rule. Standard library only: numbers are Python floats in expressions that evaluate, print and differentiate
themselves.
"""

from dltui.byhand.names import OPERATIONS, load
from dltui.byhand.refusal import Refused
from dltui.byhand.worked import Worked, work

__all__ = ["OPERATIONS", "Refused", "Worked", "load", "work"]
