"""The operations, one file a handful of kindred ones."""
