"""How a gradient becomes a step: batches and noise, momentum, adaptive rates, schedules, curvature."""
