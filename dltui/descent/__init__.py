"""How a gradient becomes a step: optimisers from their formulas, schedules, and small surfaces to walk on. No torch."""
