"""The terminal application: one place to look around."""
