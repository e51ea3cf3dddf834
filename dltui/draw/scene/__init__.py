"""Scenes in space: an eye, a z-buffer for points and triangles, light for what is seen."""
