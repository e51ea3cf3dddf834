"""Readers of files of points and triangles; which one reads what is told in ``dltui.scene.read``."""
