"""Gaussian splats: soft ellipsoids that are thrown onto a picture, fitted to pictures, read and written."""
