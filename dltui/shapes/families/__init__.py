"""One file a family of layers; ``dltui.shapes.layers`` knows which file holds which."""
