"""Graphs of what a network calls, against torch.fx where that can trace, and closed forms elsewhere."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.figures import Graph
from dltui.instruments.modelgraph import graph_of, traced
from dltui.models import build
from dltui.results.modelgraph import ModelGraph
from dltui.results.modeltree import Node, fitting, folded, opened_to, repeats, stand_ins, tree_lines


class Twice(nn.Module):
    """One ReLU for two layers, a keyword argument, an addition in place, several outputs of one function."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.relu = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        h = self.relu(self.one(input=x))
        h = self.relu(self.two(h))
        a, b = h.chunk(2, dim=1)
        a = a + b
        a += x[:, :2]
        return functional.softmax(a, dim=-1)


class Branch(nn.Module):
    """Which layer runs depends on the numbers: nothing traces that without running it."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(3, 2), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.up(x) if x.sum() > 0 else self.down(x)


class Opaque(nn.Module):
    """A block whose output torch's functions don't see."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(np.square(self.inner(x).numpy()))


def nets() -> list[tuple[str, nn.Module, Tensor]]:
    picture = torch.randn(1, 1, 8, 8)
    named = [("lenet", picture), ("resnet8", picture), ("resnet20", picture), ("mlp:depth=3", picture)]
    return [
        *((spec, build(spec, (1, 8, 8), 10).eval(), x) for spec, x in named),
        ("twice", Twice(), torch.randn(2, 4)),
        (
            "nested",
            nn.Sequential(
                nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Sequential(nn.Linear(3, 3), nn.ReLU())
            ),
            torch.randn(1, 3),
        ),
    ]


def among_layers(names: list[str], edges: list[tuple[str, str]], layers: set[str]) -> set[tuple[str, str]]:
    """Which layer's output reaches which other one without another layer between."""
    graph = nx.DiGraph(edges)
    graph.add_nodes_from(names)
    found = set()
    for layer in layers:
        stack = list(graph.successors(layer))
        while stack:
            node = stack.pop()
            if node in layers:
                found.add((layer, node))
            else:
                stack += graph.successors(node)
    return found


@pytest.mark.parametrize(("name", "net", "x"), nets(), ids=[one[0] for one in nets()])
def test_layers_and_arrows_between_them_are_those_of_torch_fx(name: str, net: nn.Module, x: Tensor) -> None:
    wanted = fx.symbolic_trace(net).graph
    count: dict[str, int] = {}
    told: dict[str, str] = {}
    for node in wanted.nodes:
        if node.op == "call_module":
            count[node.target] = count.get(node.target, 0) + 1
            told[node.name] = (
                node.target if count[node.target] == 1 else f"{node.target}#{count[node.target]}"
            )
        elif node.op in {"placeholder", "output"}:
            told[node.name] = "input" if node.op == "placeholder" else "output"
    theirs = [
        (told.get(a.name, a.name), told.get(b.name, b.name)) for b in wanted.nodes for a in b.all_input_nodes
    ]
    layers = set(told.values())
    nodes, edges, output = traced(net, x)
    ours = [(nodes[a].name, nodes[b].name) for a, b in edges]
    assert {node.name for node in nodes if node.name in layers} == layers
    assert among_layers([], ours, layers) == among_layers([], theirs, layers)
    with torch.no_grad():
        assert torch.equal(output, net(x))
    calls = sum(node.op not in {"get_attr"} for node in wanted.nodes)
    shapes_only = sum(node.op == "call_function" and "getitem" in node.name for node in wanted.nodes)
    assert abs(sum(not node.block for node in nodes) - calls) <= shapes_only + 3  # tuples are no calls here


def test_every_output_has_its_shape_and_every_block_its_parameters() -> None:
    net = build("resnet8", (1, 8, 8), 10).eval()
    nodes, _, _ = traced(net, torch.randn(1, 1, 8, 8))
    found = {node.name: node for node in nodes}
    assert found["stage2.0.conv1"].shape == [1, 32, 4, 4]
    assert found["stage2.0"].shape == [1, 32, 4, 4]
    for name in ("stage2", "stage2.0", "stage2.0.conv1"):
        assert found[name].parameters == sum(p.numel() for p in net.get_submodule(name).parameters())
    assert [node.name for node in nodes if node.block] == [
        "stage1", "stage1.0", "stage2", "stage2.0", "stage3", "stage3.0",
    ]  # fmt: skip


def test_a_way_that_depends_on_the_numbers_is_followed() -> None:
    net = Branch()
    for x, name in ((torch.ones(1, 3), "up"), (-torch.ones(1, 3), "down")):
        nodes, edges, _ = traced(net, x)
        names = [node.name for node in nodes]
        assert ("input", name) in {(names[a], names[b]) for a, b in edges}
        assert not {"up", "down"} <= set(names)


def test_what_can_not_be_followed_is_a_node_of_its_own() -> None:
    net = nn.Sequential(Opaque(), nn.ReLU())
    nodes, edges, _ = traced(net, torch.randn(2, 3))
    arrows = {(nodes[a].name, nodes[b].name) for a, b in edges}
    assert {("0.inner", "0.hidden"), ("0.hidden", "1"), ("1", "output")} <= arrows


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_a_compiled_layer_is_one_node() -> None:
    inner = torch.jit.trace(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), torch.randn(1, 3))
    nodes, edges, _ = traced(nn.Sequential(inner, nn.Linear(3, 2)), torch.randn(1, 3))
    assert [node.name for node in nodes if not node.block][:3:2] == ["input", "1"]
    assert nx.has_path(nx.DiGraph(edges), 0, len(nodes) - 1)


def test_nothing_is_left_on_the_network_and_a_wrong_input_is_told() -> None:
    net = build("resnet8", (1, 8, 8), 10)
    state = torch.get_rng_state()
    with pytest.raises(UsageError, match=r"can't take an input of shape \(1, 2, 8, 8\)"):
        traced(net, torch.randn(1, 2, 8, 8))
    torch.set_rng_state(state)
    traced(net, torch.zeros(1, 1, 8, 8))
    assert net.training
    assert torch.equal(state, torch.get_rng_state())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())


def graph(spec: str = "gpt:layers=3", shape: tuple[int, ...] = (8,)) -> ModelGraph:
    net = build(spec, shape, 11).eval()
    x = torch.zeros((1, *shape), dtype=torch.int64 if len(shape) == 1 else torch.float32)
    return graph_of(net, x, title=spec)


@pytest.mark.parametrize("depth", [0, 1, 2, 3, 9])
def test_closing_blocks_keeps_what_reaches_what(depth: int) -> None:
    found = graph()
    opened = opened_to(found.nodes, depth)
    boxes, arrows = folded(found.nodes, found.edges, opened)
    seen = stand_ins(found.nodes, opened)
    assert {seen[a] for a, _ in found.edges} | {seen[b] for _, b in found.edges} == set(boxes)
    for a, b in arrows:
        assert any((seen[one], seen[two]) == (a, b) for one, two in found.edges)
    whole, small = nx.DiGraph(found.edges), nx.DiGraph(arrows)
    assert nx.is_directed_acyclic_graph(small)
    for source in whole:
        for target in nx.descendants(whole, source):
            assert seen[source] == seen[target] or nx.has_path(small, seen[source], seen[target])
    if depth == 9:
        assert sorted(arrows) == sorted(found.edges)
    if not depth:
        assert all(found.nodes[box].parent == -1 for box in boxes)


def test_as_many_levels_are_open_as_fit() -> None:
    found = graph()
    for most in (5, 20, 40, 400):
        depth = fitting(found.nodes, most, blocks=False)
        boxes = [len(folded(found.nodes, found.edges, opened_to(found.nodes, d))[0]) for d in range(6)]
        assert boxes[depth] <= most or depth == 0
        assert depth == 5 or boxes[depth + 1] > most or boxes[depth + 1] == boxes[depth]


def test_signs_of_a_page_are_told_where_they_stand() -> None:
    found = graph("resnet8", (1, 8, 8))
    shut = replace(found, depth=1).lines(120)
    assert shut[-1] == "▸ a closed block; --depth opens more"
    assert sum("▸ 0 " in line for line in shut) == 3
    page = found.lines(120)
    assert not any("▸" in line for line in page)
    assert page[-1].endswith(" parameters")
    assert graph().lines(120)[-1] == "× how many are built alike; --depth opens more"


def test_blocks_built_alike_share_their_lines() -> None:
    found = graph()
    assert [(found.nodes[place].name, many) for place, many in repeats(found.nodes).items()] == [
        ("blocks.0", 3)
    ]
    lines = tree_lines(found.nodes, found.edges, opened_to(found.nodes, 1), fold=True)
    (row,) = [line for line in lines if line.times == 3]
    assert row.name == "blocks.0 … 2"
    told = {f"{line.stem.strip()} {line.name}": line.sources for line in lines}
    assert told["├ add"] == ("dropout", "attention")
    assert told["└ add#2"] == ("add", "dropout")
    assert told["├ norm2"] == ()


def test_the_page_opens_as_much_as_fits_once_what_is_alike_is_folded() -> None:
    found = graph("gpt:layers=24")
    lines = tree_lines(found.nodes, found.edges, opened_to(found.nodes, 9), fold=True)
    assert len(lines) < 60 < len(found.nodes)
    text = found.lines(120)
    assert any(line.strip().startswith("├ qkv") or "├ qkv" in line for line in text)
    assert any("×24" in line for line in text)


def test_the_page_fits_its_width_and_the_drawing_has_the_boxes() -> None:
    found = graph("resnet8", (1, 8, 8))
    for width in (60, 80, 120):
        lines = found.lines(width)
        assert max(map(len, lines)) <= width
        assert any("← bn2, pad" in line or "← bn2…" in line or "← bn2," in line for line in lines)
    drawn = found.drawn(opened_to(found.nodes, 1))
    assert isinstance(drawn, Graph)
    assert "stage1.0" in drawn.nodes
    assert "stage1" not in drawn.nodes
    assert len(found.summary()["edges"]) == len(found.edges)


def test_nodes_come_back_from_json() -> None:
    found = graph()
    arrays, plain = found.parts()
    again = ModelGraph.restore(arrays, plain, found.made)
    assert again.nodes == found.nodes
    assert isinstance(again.nodes[0], Node)
    assert again.edges == found.edges
