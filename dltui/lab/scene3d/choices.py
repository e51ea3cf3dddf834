"""What knobs of exhibits on networks let choose; no network is loaded to show them."""

SCENES = ("bunny", "teapot", "csg-table")  # what stands on the turntable
LEAVES = ("seat", "back", "armrest", "strut", "wheel")  # parts of a chair that have none themselves
HELD = 40  # shapes whose pictures no network has learnt from
LOSSES = ("Chamfer", "earth mover's")
VIEWS = 12  # cameras of a ring
