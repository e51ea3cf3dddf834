"""Calculators that answer at once: output shapes, parameters, products, bytes, receptive fields."""
