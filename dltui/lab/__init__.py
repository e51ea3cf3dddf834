"""The lab: exhibits, one for each idea, turned by knobs and checked against known answers."""

from dltui.lab._names import NAMES
from dltui.lab.exhibit import EXHIBITS, Check, Exhibit, Frame, Number, chosen, exhibit, load
from dltui.lab.expect import near
from dltui.lab.knobs import Choice, Knob, Slider, Switch, Typed, Value

__all__ = [
    "EXHIBITS",
    "NAMES",
    "Check",
    "Choice",
    "Exhibit",
    "Frame",
    "Knob",
    "Number",
    "Slider",
    "Switch",
    "Typed",
    "Value",
    "chosen",
    "exhibit",
    "load",
    "near",
]
