"""Shims: notebooks written for older libraries run on today's, and every use of an old spelling is told.

A shim does what the old call did, by way of the modern one, and only where today's library would refuse: whatever runs
without shims runs the same with them. What cannot be done faithfully is refused, with the replacement named. Tables
are in ``spellings``, which imports nothing: the grader's own search for old calls reads them too. ``install`` puts the
shims in place.
"""
