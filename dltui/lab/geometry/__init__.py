"""The shape of the loss around a network's weights: slopes, curvature, and the points where gradients vanish."""
