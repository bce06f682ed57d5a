"""Notebooks that attack: what each of them tries, and what must become of it.

Every attack runs sealed, in the kernel or through the whole grader; none is ever tried without a seal. ``python -m
tests.hostile`` prints the table.
"""
