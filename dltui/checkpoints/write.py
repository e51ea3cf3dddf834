"""Writing weights so that a reader never sees half a file, with a header that tells which model they are of."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from torch import nn

from dltui.checkpoints.read import HEADER, About
from dltui.files import replacing
from dltui.results.disk import disk_errors


def write_weights(module: nn.Module, path: Path, about: About) -> None:
    """Write the parameters and buffers of ``module`` to one ``.safetensors`` file, whole or not at all.

    Args:
        module: The model.
        path: The file.
        about: Which model it is.

    Raises:
        DltuiError: If the folder can't be written.
    """
    from safetensors.torch import save_file

    # Tied weights share memory, which the format refuses: each name gets a copy of its own.
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
    with replacing(path) as temporary, disk_errors():
        save_file(state, temporary, metadata={HEADER: json.dumps(asdict(about))})
