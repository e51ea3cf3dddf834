"""The TUI in a browser: one process a visitor, on this machine unless a token guards the way in.

The only room that knows ``aiohttp`` and ``textual_serve``, which come with the extra ``web``.
"""
