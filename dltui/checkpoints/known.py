"""Models with the weights that others trained for them: shipped, or fetched by ``dltui data get``."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import as_file, files
from typing import TypeVar

from torch import nn

from dltui.checkpoints.fit import fit_weights
from dltui.checkpoints.live import LiveModel
from dltui.checkpoints.read import State, read_weights
from dltui.data.fetch.manifest import thing
from dltui.data.fetch.places import need
from dltui.data.imagenet import MEAN, STD, imagenet_classes
from dltui.data.shipped import FOLDER
from dltui.data.takes import Takes
from dltui.models.crepe import WINDOW as HEARD
from dltui.models.crepe import Crepe, Size, frequencies
from dltui.models.efficientnet import EfficientNetLite
from dltui.models.mobilenet import MobileNetV2
from dltui.models.mtcnn import WINDOWS, ONet, PNet, RNet
from dltui.models.silero import WINDOW as SPOKEN
from dltui.models.silero import Silero

SIDE, RESIZE, CLASSES = 224, 256, 1000
# EfficientNet-Lite was trained on (p − 127) / 128, MTCNN on (p − 127.5) / 128, of pixels 0 … 255
LITE_MEAN, FACE_MEAN, SPREAD = (127 / 255,) * 3, (127.5 / 255,) * 3, (128 / 255,) * 3
IS_FACE, IS_SPEECH = ("no face", "face"), ("speech",)
M = TypeVar("M", bound=nn.Module)
UNDERSCORE = re.compile(r"(^|\.)_")


def mobilenet_v2() -> LiveModel:
    """Return MobileNetV2 as torchvision trained it on ImageNet."""
    module = _fetched(
        MobileNetV2(3, CLASSES, width=1.0, dropout=0.2), "mobilenet-v2", "mobilenet_v2-b0353104.pth"
    )
    takes = Takes("image", (3, SIDE, SIDE), MEAN, STD, RESIZE, imagenet_classes())
    return _live(module, "mobilenet-v2", takes)


def efficientnet_lite0() -> LiveModel:
    """Return EfficientNet-Lite0 as it was trained on ImageNet."""
    module = _fetched(
        EfficientNetLite(3, CLASSES, dropout=0.2), "efficientnet-lite0", "efficientnet-lite0-57934424.pth",
        lambda name: UNDERSCORE.sub(r"\1", name),
    )  # fmt: skip
    takes = Takes("image", (3, SIDE, SIDE), LITE_MEAN, SPREAD, RESIZE, imagenet_classes())
    return _live(module, "efficientnet-lite0", takes)


def pnet() -> LiveModel:
    """Return the first network of MTCNN, with the weights that dltui ships."""
    return _live(_shipped(PNet(), "pnet.pt"), "pnet", _face("pnet"), "facenet-pytorch 2.6.0, shipped")


def rnet() -> LiveModel:
    """Return the second network of MTCNN."""
    return _live(_fetched(RNet(), "mtcnn", "rnet.pt"), "rnet", _face("rnet"), _note("mtcnn"))


def onet() -> LiveModel:
    """Return the third network of MTCNN, which has the last word on what is a face."""
    return _live(_fetched(ONet(), "mtcnn", "onet.pt"), "onet", _face("onet"), _note("mtcnn"))


def cascade() -> tuple[PNet, RNet, ONet]:
    """Return the three networks of MTCNN, for ``dltui.models.faces.find_faces``."""
    third = _fetched(ONet(), "mtcnn", "onet.pt")
    return _shipped(PNet(), "pnet.pt").eval(), _fetched(RNet(), "mtcnn", "rnet.pt").eval(), third.eval()


def crepe_tiny() -> LiveModel:
    """Return CREPE with the fewest channels."""
    return _crepe("tiny")


def crepe_full() -> LiveModel:
    """Return CREPE as wide as in its paper."""
    return _crepe("full")


def silero() -> LiveModel:
    """Return Silero's detector of speech."""
    module = _fetched(Silero(), "silero", "silero_vad_16k.safetensors")
    return _live(module, "silero", Takes("array", (SPOKEN,), classes=IS_SPEECH))


def _crepe(size: Size) -> LiveModel:
    name = f"crepe-{size}"
    pitches = tuple(f"{hertz:.1f} Hz" for hertz in frequencies().tolist())
    return _live(_fetched(Crepe(size), name, f"{size}.pth"), name, Takes("array", (HEARD,), classes=pitches))


def _face(name: str) -> Takes:
    """Return what one of the networks of MTCNN looks at."""
    side = WINDOWS[name]
    return Takes("image", (3, side, side), FACE_MEAN, SPREAD, None, IS_FACE)


def _live(module: nn.Module, name: str, takes: Takes, note: str = "") -> LiveModel:
    return LiveModel(module.eval(), name, note or _note(name), takes)


def _note(name: str) -> str:
    """Return where fetched weights came from."""
    known = thing(name)
    return f"{known.package} {known.version}, fetched"


def _fetched(module: M, name: str, file: str, spell: Callable[[str], str] = str) -> M:
    """Put fetched weights into a model, their names spelled anew."""
    path = need(name, file)
    state: State = {spell(key): tensor for key, tensor in read_weights(path).state.items()}
    fit_weights(module, state, path)
    return module


def _shipped(module: M, name: str) -> M:
    """Put weights into a model that come with dltui."""
    with as_file(files("dltui") / FOLDER / name) as path:
        fit_weights(module, read_weights(path).state, path)
    return module
