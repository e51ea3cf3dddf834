"""Radiance fields: light that a volume gives off and swallows, fitted to pictures."""
