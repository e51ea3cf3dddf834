"""The shape of the loss around a network's weights: slopes, curvature, points without a gradient."""
