"""The tree of modules: order, folding, totals, and the outline that is walked."""

from __future__ import annotations

from dltui.contents import Contents, Entry
from dltui.contents.outline import Outline
from dltui.contents.page import lines
from dltui.contents.tree import grow, rows


def entry(name: str, *shape: int, dtype: str = "float32", shared: str = "") -> Entry:
    elements = 1
    for size in shape:
        elements *= size
    return Entry(name, shape, dtype, 4 * elements, shared)


def decoder(layers: int = 30) -> list[Entry]:
    """A decoder whose layers come in the order of their letters, as in files that sort names."""
    order = sorted(range(layers), key=str)
    return [
        entry("embed.weight", 100, 8),
        *(
            entry(f"model.layers.{i}.{name}", 8, 8)
            for i in order
            for name in ("mlp.up.weight", "attn.q.weight")
        ),
        entry("head.weight", 100, 8, shared="embed.weight"),
    ]


def test_repeated_blocks_are_folded_and_numbers_are_in_order() -> None:
    found = [(row.label, len(row.alike)) for row in rows(grow(decoder()))]
    assert found == [
        ("embed.weight", 1),
        ("model.layers.0…29", 30),
        ("mlp.up.weight", 1),
        ("attn.q.weight", 1),
        ("head.weight", 1),
    ]


def test_blocks_that_differ_stay_apart() -> None:
    entries = [entry(f"layers.{i}.w", 4 if i == 2 else 3) for i in range(5)]
    assert [row.label for row in rows(grow(entries))][1:] == ["0.w", "1.w", "2.w", "3.w", "4.w"]
    blocks = [entry(f"layers.{i}.{n}", 4 if i == 2 else 3) for i in range(6) for n in "ab"]
    assert [row.label for row in rows(grow(blocks), 2)] == ["layers", "0…1", "2", "3…5"]


def test_shared_tensors_count_once_in_the_tree_and_always_in_the_document() -> None:
    contents = Contents.of("net", "safetensors", decoder(2))
    whole = 4 * 64 + 800
    assert contents.tree().elements == whole
    told = contents.document()
    assert told["elements"] == whole + 800
    assert told["own_elements"] == whole
    assert told["shared"] == {"head.weight": "embed.weight"}
    assert told["tensor_count"] == len(told["tensors"]) == 6
    assert "head.weight = embed.weight" in "\n".join(lines(contents, 100))


def test_totals_by_type_and_block_add_up() -> None:
    entries = [*decoder(3), entry("scale", dtype="int64")]
    contents = Contents.of("net", "npz", entries)
    for totals in (contents.by_dtype(), contents.by_block()):
        assert sum(one.tensors for one in totals) == len(entries)
        assert sum(one.nbytes for one in totals) == contents.tree().nbytes
    assert "model.layers.0…2 ×3" in [one.name for one in contents.by_block()]


def test_the_page_keeps_to_its_width() -> None:
    contents = Contents.of(
        "net", "safetensors", [entry("module." * 12 + "重み.weight", 3), *decoder()], {"epoch": 3}
    )
    for width in (40, 60, 80, 200):
        assert max(map(len, lines(contents, width))) <= width
    assert any("values  epoch 3" in line for line in lines(contents, 80))


def test_names_of_every_kind_find_a_place() -> None:
    names = ["", ".", "a..b", "/x/y", "x", "x.y", "a" * 300, ".".join("abc" * 60)]
    root = grow([entry(name, 2) for name in names])
    assert root.tensors == len(names)
    assert root.elements == 2 * len(names)


def test_an_outline_opens_groups_member_by_member() -> None:
    outline = Outline(decoder())
    assert [line.label for line in outline.lines] == ["embed.weight", "model.layers.0…29", "head.weight"]
    outline.turn(outline.lines[1])
    assert [line.label for line in outline.lines[1:4]] == ["model.layers.0…29", "0", "1"]
    at = outline.find("model.layers.17.attn.q.weight")
    assert at is not None
    assert outline.lines[at].entry == entry("model.layers.17.attn.q.weight", 8, 8)
    assert outline.find("nowhere") is None


def test_an_outline_lists_what_holds_all_words() -> None:
    outline = Outline(decoder())
    outline.wanted = ("17", "attn")
    outline.lay_out()
    assert [line.label for line in outline.lines] == ["model.layers.17.attn.q.weight"]


def test_every_tensor_is_found_again() -> None:
    entries = decoder(12)
    for one in entries:
        outline = Outline(entries)
        at = outline.find(one.name)
        assert at is not None
        assert outline.lines[at].entry == one
