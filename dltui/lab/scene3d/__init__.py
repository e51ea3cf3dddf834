"""Shapes and scenes: clouds, meshes, implicit surfaces, voxels, nets on them, radiance fields, splats."""
