"""Inputs that a network makes up: what a unit wants to see, and what a layer still knows of what it was shown."""
