"""A network as a graph of what it calls, nested as its modules are."""

from dltui.instruments.modelgraph.trace import graph_of, traced

__all__ = ["graph_of", "traced"]
