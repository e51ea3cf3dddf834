"""Fetching from a web address: by the user's own proxies, certificates and passwords, from where it broke off."""

from __future__ import annotations

import base64
import fcntl
import http.client
import json
import netrc
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from dltui import __version__
from dltui.data.fetch.places import sha256_of
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.files import flush, size_in_words
from dltui.progress import Report, silent

PATIENCE = 30.0  # seconds without a byte, after which the line counts as broken
TRIES = 4  # how often in a row a line may break without a byte having come
PAUSE = 0.5  # seconds before the second try; twice as long before each that follows
PIECE = 1 << 17  # bytes that are taken off the line at once, at most
PAGE_MOST = 64 << 20  # bytes that a page of an index may have
BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
BROKEN = (urllib.error.URLError, http.client.HTTPException, OSError)
RESUMED, WHOLE, PAST_THE_END = 206, 200, 416
NO_ENTRY = (401, 403, 407)

Opener = Callable[[urllib.request.Request, float], Any]


class Unreachable(DltuiError):
    """An address that doesn't answer, or doesn't have what was asked for."""


@dataclass(frozen=True)
class Access:
    """How the web is reached.

    Attributes:
        certificates: A file of certificates to trust; the system's when empty.
        client_certificate: A file with a certificate and its key, to show to servers.
        proxy: Where to go through; as the environment says when empty.
        trusted: Hosts whose certificates aren't looked at.
        headers: What each host is told besides, such as a token.
        patience: Seconds without a byte, after which a line counts as broken.
    """

    certificates: str = ""
    client_certificate: str = ""
    proxy: str = ""
    trusted: frozenset[str] = frozenset()
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    patience: float = PATIENCE

    def open(self, address: str, headers: dict[str, str] | None = None) -> Any:
        """Ask for an address and return the answer as soon as it begins.

        Args:
            address: ``http``, ``https`` or ``file``; a name and password in it are sent as such.
            headers: What else the server is told.

        Returns:
            The answer, to be read and closed.

        Raises:
            UsageError: If the address is of another kind.
            Unreachable: If it leads to one of another kind.
        """
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https", "file"}:
            raise UsageError(f"{_safe(parts)} is no address to fetch from: expected http:// or https://")
        request = urllib.request.Request(_bare(parts), headers={"User-Agent": f"dltui/{__version__}"})
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        for name, value in (self._password(parts) | self.headers.get(parts.netloc, {})).items():
            request.add_unredirected_header(name, value)  # another host isn't told
        answer = self._opener(parts.hostname or "").open(request, timeout=self.patience)
        if answer is None:
            raise Unreachable(f"{_safe(parts)} leads to an address that is neither http nor https")
        return answer

    def _opener(self, host: str) -> urllib.request.OpenerDirector:
        """Return what opens http, https and files, and nothing else."""
        opener = urllib.request.OpenerDirector()
        proxies = {"http": self.proxy, "https": self.proxy} if self.proxy else None
        for handler in (
            urllib.request.ProxyHandler(proxies), urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=self._context(host)), urllib.request.FileHandler(),
            urllib.request.HTTPRedirectHandler(), urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
        ):  # fmt: skip
            opener.add_handler(handler)
        return opener

    def _context(self, host: str) -> ssl.SSLContext:
        """Return which certificates count."""
        bundle = self.certificates or next((os.environ[name] for name in BUNDLES if os.environ.get(name)), "")
        place = Path(bundle).expanduser()
        try:
            context = ssl.create_default_context(
                cafile=str(place) if bundle and place.is_file() else None,
                capath=str(place) if bundle and place.is_dir() else None,
            )
            if self.client_certificate:
                context.load_cert_chain(Path(self.client_certificate).expanduser())
        except (OSError, ssl.SSLError) as error:
            raise DltuiError(
                f"can't read the certificates in {bundle or self.client_certificate}: {error}"
            ) from error
        if host in self.trusted:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def _password(self, parts: SplitResult) -> dict[str, str]:
        """Return the header for a name and password in the address, or else in the user's netrc file."""
        user, word = parts.username, parts.password
        if user is None and parts.hostname:
            with suppress(OSError, netrc.NetrcParseError):
                found = netrc.netrc(os.environ.get("NETRC") or None).authenticators(parts.hostname)
                user, word = (found[0], found[2]) if found else (None, None)
        if user is None:
            return {}
        coded = base64.b64encode(f"{unquote(user)}:{unquote(word or '')}".encode()).decode("ascii")
        return {"Authorization": f"Basic {coded}"}


def page(address: str, access: Access, accept: str = "*/*") -> tuple[str, str, str]:
    """Return a page of an index.

    Args:
        address: Where it is.
        access: How the web is reached.
        accept: What kinds of pages can be read.

    Returns:
        Its text, its kind, and the address it was found at after redirections.

    Raises:
        Unreachable: If it can't be had.
    """
    for attempt in range(TRIES):
        try:
            with access.open(address, {"Accept": accept}) as answer:
                text = answer.read(PAGE_MOST + 1)
                if len(text) > PAGE_MOST:
                    raise Unreachable(f"{told(address)} is no page of an index: it has no end")
                kind = answer.headers.get_content_type() if answer.headers else ""
                return text.decode("utf-8", "replace"), kind, answer.url
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500 and error.code != 429:
                raise refused(address, error) from error
            trouble: Exception = error
        except BROKEN as error:
            trouble = error
            if isinstance(getattr(error, "reason", None), FileNotFoundError | ssl.SSLError):
                break
        if attempt < TRIES - 1:
            time.sleep(PAUSE * 2**attempt)
    raise Unreachable(f"can't reach {told(address)}: {_reason(trouble)}") from trouble


def refused(address: str, error: urllib.error.HTTPError) -> Unreachable:
    """Return the sentence for an answer that says no."""
    hint = "; a name and password may go into the netrc file" if error.code in NO_ENTRY else ""
    return Unreachable(f"{told(address)} answers {error.code} {error.reason}{hint}")


def told(address: str) -> str:
    """Return an address as people may read it: without a password."""
    return _safe(urlsplit(address))


@dataclass(frozen=True)
class Expected:
    """What a download must turn out to be.

    Attributes:
        bytes: Its size, or None where that isn't known before.
        sha256: Its hash, or "" where that isn't known before.
    """

    bytes: int | None = None
    sha256: str = ""


def download(address: str, target: Path, expected: Expected, access: Access, report: Report = silent) -> str:
    """Fetch a file, going on where an earlier try broke off; the file appears under its name when it is whole.

    What has come so far is kept beside it, as ``NAME.part``. Two processes never write the same one.

    Args:
        address: Where it is.
        target: Where it goes.
        expected: Its size and hash, as far as they are known.
        access: How the web is reached.
        report: Called with bytes so far and in all (0 where that isn't known).

    Returns:
        The sha256 of the file.

    Raises:
        Unreachable: If the address doesn't answer, or the line broke too often.
        Cancelled: If the user stopped it; the sentence tells what is kept.
        DltuiError: If the file turns out to be another one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with _alone(part) as file, _telling_what_is_kept(part):
        resumed = os.fstat(file.fileno()).st_size > 0
        _fill(address, file, expected, access, report)
        found = sha256_of(part)
        if expected.sha256 and found != expected.sha256 and resumed:
            file.truncate(0)  # what lay there was of another file
            _fill(address, file, expected, access, report)
            found = sha256_of(part)
        if expected.sha256 and found != expected.sha256:
            part.unlink()
            _note_path(part).unlink(missing_ok=True)
            raise DltuiError(
                f"{target.name} from {told(address)} has sha256 {found[:16]}…, expected {expected.sha256[:16]}…: "
                "it is another file and was thrown away"
            )
        flush(part)
        part.replace(target)
        _note_path(part).unlink(missing_ok=True)
    return found


@contextmanager
def _alone(part: Path) -> Iterator[IO[bytes]]:
    """Open what has come so far, for this process alone."""
    with part.open("ab", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DltuiError(
                f"another dltui is fetching {part.stem} just now: wait until it is done"
            ) from error
        yield file


@contextmanager
def _telling_what_is_kept(part: Path) -> Iterator[None]:
    """Say what has come so far when the user stops it."""
    try:
        yield
    except (KeyboardInterrupt, Cancelled) as error:
        have = size_in_words(part.stat().st_size)
        raise Cancelled(
            f"cancelled: {have} of {part.stem} are kept, the same command goes on from there"
        ) from error


def _fill(address: str, file: IO[bytes], expected: Expected, access: Access, report: Report) -> None:
    """Append what is missing, in as many tries as it takes while some bytes come in each."""
    idle = 0
    while True:
        before = os.fstat(file.fileno()).st_size
        if expected.bytes is not None and before == expected.bytes:
            return
        try:
            if _read_on(address, file, expected, access, report):
                return
            trouble: Exception = EOFError("the line broke")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == PAST_THE_END and before:
                file.truncate(0)
            elif error.code < 500 and error.code != 429:
                raise refused(address, error) from error
            trouble = error
        except BROKEN as error:
            trouble = error
        have = os.fstat(file.fileno()).st_size
        idle = 0 if have > before else idle + 1
        if idle >= TRIES or isinstance(getattr(trouble, "reason", None), FileNotFoundError | ssl.SSLError):
            kept = f"; {size_in_words(have)} are kept, the same command goes on from there" if have else ""
            raise Unreachable(f"can't fetch {told(address)}: {_reason(trouble)}{kept}") from trouble
        time.sleep(PAUSE * 2 ** max(idle - 1, 0))


def _read_on(address: str, file: IO[bytes], expected: Expected, access: Access, report: Report) -> bool:
    """Read from where the file ends; return whether the end was reached."""
    have = os.fstat(file.fileno()).st_size
    note = _note_path(Path(file.name))
    mark = _mark(note, address)
    if have and not (expected.sha256 or mark):
        file.truncate(0)  # nothing proves that what lies there is the beginning of this
        have = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    if have and mark:
        headers["If-Range"] = mark
    with access.open(address, headers) as answer:
        status = getattr(answer, "status", None) or WHOLE
        if have and not (status == RESUMED and _starts_at(answer) == have):
            file.truncate(0)
            have = 0
            if status == RESUMED:
                return False
        note.write_text(json.dumps({"address": told(address), "mark": _validator(answer)}), encoding="utf-8")
        total = (
            expected.bytes
            if expected.bytes is not None
            else have + int(answer.headers["Content-Length"] or 0)
        )
        known = expected.bytes is not None or answer.headers["Content-Length"] is not None
        while piece := answer.read1(PIECE):
            have += len(piece)
            if known and have > total:
                file.truncate(0)
                raise DltuiError(f"{told(address)} sends more than the {total} bytes that it should have")
            file.write(piece)
            report(have, total)
    return have == total if known else True


def _starts_at(answer: Any) -> int:
    """Return where the part of the file begins that a server sends."""
    try:
        return int((answer.headers["Content-Range"] or "").split()[1].partition("-")[0])
    except (IndexError, ValueError):
        return -1


def _validator(answer: Any) -> str:
    """Return what names this version of a file on its server; empty when it has none that can be relied on."""
    mark = answer.headers["ETag"] or ""
    return "" if mark.startswith("W/") else mark


def _note_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _mark(note: Path, address: str) -> str:
    """Return the mark of the version of which a part has come, when it came from the same address."""
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        return str(kept["mark"]) if kept["address"] == told(address) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _bare(parts: SplitResult) -> str:
    """Return an address without name and password."""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _safe(parts: SplitResult) -> str:
    """Return an address as people may read it: without a password, and without what follows a question mark."""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def _reason(error: Exception) -> str:
    """Return in a few words what went wrong on the line."""
    if isinstance(error, urllib.error.HTTPError):
        return f"it answers {error.code} {error.reason}"
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    return str(getattr(reason, "strerror", None) or reason) or type(reason).__name__
