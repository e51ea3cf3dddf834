"""Scenes: clouds, meshes, implicit surfaces, radiance fields and splats; what is read, made and measured of them."""
