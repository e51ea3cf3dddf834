"""The optimisers by name, in the order in which one grew out of the other."""

from __future__ import annotations

from dltui.descent.adam import Adam, AdamW, RAdam
from dltui.descent.adaptive import AdaDelta, AdaGrad, Ftrl, RmsProp, RootMeanSquare
from dltui.descent.curved import Lbfgs, Newton, SaddleFree
from dltui.descent.plain import Averaged, Gradient, Lars, Momentum, Nesterov
from dltui.descent.rule import Rule

OPTIMISERS: dict[str, type[Rule]] = {
    "gd": Gradient,
    "momentum": Momentum,
    "averaged": Averaged,
    "nesterov": Nesterov,
    "rms": RootMeanSquare,
    "adagrad": AdaGrad,
    "rmsprop": RmsProp,
    "adadelta": AdaDelta,
    "adam": Adam,
    "adamw": AdamW,
    "radam": RAdam,
    "ftrl": Ftrl,
    "lars": Lars,
    "newton": Newton,
    "saddle-free": SaddleFree,
    "lbfgs": Lbfgs,
}
