"""Implicit surfaces: a small tree of distances, spelled as text, traced by rays, cut by planes, meshed."""
