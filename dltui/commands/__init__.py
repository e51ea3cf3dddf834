"""Verbs of the command line: one file each, arguments to one call below."""
