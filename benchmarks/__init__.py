"""Measurements to be repeated: each module prints a table, and is called as ``python -m benchmarks.NAME``."""
