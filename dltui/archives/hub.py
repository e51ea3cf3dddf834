"""Headers of a model on the Hugging Face hub, without its weights; by the package ``huggingface_hub``."""

from __future__ import annotations

from typing import Any

from dltui.archives.safetensors import DTYPES
from dltui.contents import Contents, Entry, stored_bytes
from dltui.errors import DltuiError, UsageError


def hub_contents(name: str) -> Contents:
    """Return what a model on the hub holds; only the headers of its ``.safetensors`` files are fetched.

    Args:
        name: ``org/name``, with ``@revision`` perhaps.

    Returns:
        Its tensors and the plain values of its configuration.

    Raises:
        UsageError: If the name is no name of a model.
        DltuiError: If huggingface_hub is not installed, the hub can't be reached, or it has no such files.
    """
    repository, _, revision = name.partition("@")
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise UsageError(f"hf:{name} names no model: expected hf:org/name, such as hf:Qwen/Qwen3-0.6B")
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import NotASafetensorsRepoError, RepositoryNotFoundError
    except ImportError as error:
        raise DltuiError("the hub is reached through a package: pip install 'dltui[hub]'") from error
    hub = HfApi()
    try:
        hub.model_info(repository, revision=revision or None)
        found = hub.get_safetensors_metadata(repository, revision=revision or None)
    except RepositoryNotFoundError as error:
        raise DltuiError(
            f"the hub has no model {repository} that you may see: mind the spelling, or sign in with hf auth login"
        ) from error
    except NotASafetensorsRepoError as error:
        raise DltuiError(
            f"{repository} has no .safetensors files, whose headers alone could be fetched"
        ) from error
    except Exception as error:  # the client lets errors of several libraries through
        raise DltuiError(f"can't reach the hub for {repository}: {_first(error)}") from error
    return Contents.of(f"hf:{name}", "safetensors", _entries(found), metadata={"files": _files(found)})


def _entries(found: Any) -> list[Entry]:
    """Return the tensors of all files."""
    entries = []
    for part in found.files_metadata.values():
        for name, told in part.tensors.items():
            dtype, shape = DTYPES.get(told.dtype, str(told.dtype).lower()), tuple(told.shape)
            start, end = told.data_offsets
            entry = Entry(name, shape, dtype, end - start)
            if dtype not in DTYPES.values() or stored_bytes(entry.elements, dtype) != entry.nbytes:
                raise DltuiError(f"the header of {name} contradicts itself")
            entries.append(entry)
    return entries


def _files(found: Any) -> str:
    """Return the names of the files."""
    names = list(found.files_metadata)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _first(error: Exception) -> str:
    """Return the first line of a complaint."""
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
