"""Fetching what has no name in the manifest: one file from a web address, or a folder of the Hugging Face hub."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dltui.data.fetch.places import make_room, sha256_of
from dltui.data.fetch.records import Kept, Record, keep, place_of, plain_name, record_of
from dltui.data.fetch.web import Access, Expected, Unreachable, download
from dltui.errors import DltuiError, UsageError
from dltui.progress import Report, silent

HUB = "hf:"
NAME = re.compile(r"[\w.-]+/[\w.-]+(@[\w./-]+)?")
HEX = re.compile(r"[0-9a-f]{64}")
# weights, tokenizers, settings and words about them; never code
WANTED = (".safetensors", ".gguf", ".json", ".txt", ".model", ".md", ".vocab", ".tiktoken")
PICKLED = (".bin", ".pt", ".pth", ".ckpt")  # only where a folder has no .safetensors


def is_anywhere(spelled: str) -> bool:
    """Return whether something is spelled by where it is, rather than by a name of the manifest."""
    return spelled.startswith(HUB) or "://" in spelled


def fetch_from(spelled: str, *, sha256: str = "", again: bool = False, report: Report = silent) -> Record:
    """Fetch one file from a web address, or a folder of weights from the hub.

    Args:
        spelled: ``https://…`` or ``hf:org/name``, with ``@revision`` where it isn't the newest.
        sha256: What the file must turn out to be; empty where that isn't known.
        again: Whether to fetch what is here already, too.
        report: Called with bytes so far and in all.

    Returns:
        What came, with the hashes it has.

    Raises:
        UsageError: If it isn't spelled so.
        DltuiError: If it can't be had, or is another file than it should be.
    """
    if sha256 and not HEX.fullmatch(sha256.lower()):
        raise UsageError(f"--sha256 {sha256!r} is no hash: expected 64 digits of 0 … 9 and a … f")
    if spelled.startswith(HUB):
        if sha256:
            raise UsageError(
                "--sha256 is for one file from a web address; the hub tells the hashes of its own"
            )
        return _from_hub(spelled, again, report)
    return _from_address(spelled, sha256.lower(), again, report)


def _from_address(address: str, sha256: str, again: bool, report: Report) -> Record:
    """Fetch one file."""
    name = plain_name(unquote(urlsplit(address).path.rpartition("/")[2]))
    target = place_of(address) / "files" / name
    if target.is_file() and not again:
        known = record_of(address)
        if not sha256 or known.files[0].sha256 == sha256:
            return known
    found = download(address, target, Expected(None, sha256), Access(), report)
    return keep(Record(address, (Kept(name, target.stat().st_size, found),)))


def _from_hub(spelled: str, again: bool, report: Report) -> Record:
    """Fetch weights, tokenizer and settings of a model from the hub, each checked where the hub tells a hash."""
    repository, _, revision = spelled.removeprefix(HUB).partition("@")
    if not NAME.fullmatch(spelled.removeprefix(HUB)):
        raise UsageError(f"{spelled} is no name on the hub: expected hf:org/name or hf:org/name@revision")
    folder = place_of(spelled) / "files"
    if not again and folder.is_dir():
        try:
            return record_of(spelled)
        except DltuiError:
            pass
    hub = _hub()
    try:
        info = hub.HfApi().model_info(repository, revision=revision or None, files_metadata=True)
        chosen = _chosen(info.siblings or [])
        if not chosen:
            raise DltuiError(f"{spelled} holds no weights, tokenizer or settings that can be read")
        total = sum(file.size or 0 for file in chosen)
        make_room(total)
        kept, done = [], 0
        for file in chosen:
            path = Path(
                hub.hf_hub_download(repository, file.rfilename, revision=info.sha, local_dir=str(folder))
            )
            kept.append(_checked(spelled, file, path, folder))
            done += kept[-1].bytes
            report(done, total)
    except DltuiError:
        raise
    except Exception as error:
        first = str(error).strip().partition("\n")[0] or type(error).__name__
        raise Unreachable(
            f"{spelled} can't be fetched: {first}. Where there is a network: `hf download {repository}`"
        ) from error
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    return keep(Record(spelled, tuple(kept), str(info.sha or "")))


def _hub() -> Any:
    """Return the library that knows the hub, told not to report home."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        import huggingface_hub
    except ImportError as error:
        raise DltuiError(
            "the hub is read by huggingface_hub, which isn't installed: pip install 'dltui[hub]'"
        ) from error
    return huggingface_hub


def _chosen(files: list[Any]) -> list[Any]:
    """Return the files that are wanted: no code, and pickles only where there is nothing better."""
    safe = [file for file in files if file.rfilename.endswith(WANTED)]
    if any(file.rfilename.endswith((".safetensors", ".gguf")) for file in safe):
        return safe
    return safe + [file for file in files if file.rfilename.endswith(PICKLED)]


def _checked(spelled: str, file: Any, path: Path, folder: Path) -> Kept:
    """Return what came, refusing what isn't what the hub said or lies somewhere else."""
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DltuiError(f"{file.rfilename} of {spelled} would be written outside {folder}")
    found = sha256_of(path)
    told_hash = getattr(file.lfs, "sha256", "") if file.lfs else ""
    if told_hash and found != told_hash:
        path.unlink()
        raise DltuiError(
            f"{file.rfilename} of {spelled} has sha256 {found[:16]}…, expected {told_hash[:16]}…: it was thrown away"
        )
    return Kept(str(path.resolve().relative_to(folder.resolve())), path.stat().st_size, found)
