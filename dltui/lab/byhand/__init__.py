"""Layers, losses, metrics and back-propagation worked line by line, each checked against torch."""
