"""Layers as maps: points of many dimensions in the plane."""
