"""Lines and planes through the space of weights: along chosen directions, through checkpoints, along a training."""
