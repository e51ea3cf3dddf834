"""From how weights or a model are spelled to what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dltui.errors import DltuiError, UsageError

if TYPE_CHECKING:
    from dltui.contents import Contents

HUB, RUN = "hf:", "run:"
WEIGHTS = {".safetensors", ".pt", ".pth", ".gguf", ".onnx", ".npz"}


def find_contents(spec: str, seed: int = 0) -> Contents:
    """Return what weights or a model hold, reading as little as the format allows.

    Args:
        spec: A file or folder of weights, ``run:NAME``, ``hf:org/name``, ``lenet``, or ``package.module:function``.
        seed: Seed of made data, which only tell shapes here.

    Returns:
        Tensors, values beside them, and a guess of the architecture; torch is imported for live models only.

    Raises:
        UsageError: If nothing is spelled that way.
        DltuiError: If it can't be read, or would run code when read.
    """
    if spec.startswith(HUB):
        return _from_hub(spec)
    path, title = find_weights(spec)
    if path is None:
        return _live(spec, seed)
    from dltui.archives import open_archive
    from dltui.contents import Contents

    with open_archive(path) as archive:
        return Contents.of(title, archive.format, archive.entries, archive.scalars, archive.metadata)


def find_weights(spec: str) -> tuple[Path | None, str]:
    """Return the file or folder that a spelling names.

    Args:
        spec: A path, or ``run:NAME``, ``run:NAME@step=300`` and the like.

    Returns:
        The path and what to call it; no path for a live model.

    Raises:
        UsageError: If there is no such file or run.
    """
    if spec.startswith(RUN):
        from dltui.runs.find import find_snapshot

        snapshot = find_snapshot(spec)
        return snapshot.path, f"{snapshot.run.name} step {snapshot.step}"
    path = Path(spec).expanduser()
    if path.exists():
        return path, path.name or str(path)
    fetched = _fetched(spec)
    if fetched is not None:
        return fetched, spec
    if ("/" in spec and ":" not in spec) or path.suffix in WEIGHTS:
        raise UsageError(
            f"no file {spec}: expected weights, a folder of them, run:NAME, or a model such as lenet"
        )
    return None, spec


def _from_hub(spec: str) -> Contents:
    """Return what a model on the hub holds: from what was fetched of it, or from its headers over the line."""
    from dltui.archives import open_archive
    from dltui.archives.hub import hub_contents
    from dltui.contents import Contents
    from dltui.data.fetch.places import NotFetched
    from dltui.data.fetch.records import record_of

    try:
        kept = record_of(spec)
    except NotFetched:
        return hub_contents(spec.removeprefix(HUB))
    with open_archive(kept.path) as archive:
        return Contents.of(spec, archive.format, archive.entries, archive.scalars, archive.metadata)


def _fetched(name: str) -> Path | None:
    """Return the weights of a real model that was fetched, by its name; None for other names.

    Raises:
        DltuiError: If it is one that was not fetched yet.
    """
    from dltui.data.fetch.manifest import things
    from dltui.data.fetch.places import need

    known = things().get(name)
    if known is None or known.kind != "model":
        return None
    folder = need(name)
    if (folder / "config.json").is_file():
        return folder
    files = sorted(one for one in folder.rglob("*") if one.suffix in WEIGHTS)
    chosen = [one for one in files if one.suffix == ".safetensors"] or files
    if len(chosen) > 1 and any(one.parent != folder for one in chosen):
        raise UsageError(f"{name} is {len(chosen)} files: name one of them, such as {chosen[0]}")
    return chosen[0] if len(chosen) == 1 else folder


def find_elsewhere(spec: str) -> Contents:
    """Return what a model holds, built by a process of its own, so that torch is not loaded here.

    Args:
        spec: As for ``find_contents``.

    Returns:
        The same.

    Raises:
        DltuiError: If it can't be built.
    """
    import json
    import subprocess
    import sys

    from dltui.contents import Contents, Entry

    words = [sys.executable, "-m", "dltui", "inspect", spec, "--json", "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it ended without a word"]
        raise DltuiError(said[-1].removeprefix("error: "))
    told = json.loads(done.stdout)
    entries = [
        Entry(
            one["name"], tuple(one["shape"]), one["dtype"], one["bytes"], told["shared"].get(one["name"], "")
        )
        for one in told["tensors"]
    ]
    return Contents.of(told["title"], told["format"], entries, told["scalars"], told["metadata"])


def _live(spec: str, seed: int) -> Contents:
    """Build a model without numbers and list it."""
    import torch

    from dltui.checkpoints.listing import list_module
    from dltui.checkpoints.pretrained import PRETRAINED, open_pretrained
    from dltui.commands._summary_source import find_source, read_inputs
    from dltui.contents import Contents

    if spec in PRETRAINED:
        return Contents.of(spec, "model", list_module(open_pretrained(spec).module))
    source = find_source(spec, read_inputs(None), None, seed)
    with torch.device("meta"):
        module = source.build()
    return Contents.of(source.title, "model", list_module(module))
