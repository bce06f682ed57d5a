"""Runs one notebook in a process of its own, against a sealed kernel: ``python -m grader.drive JOB.json``.

It speaks the Jupyter protocol itself instead of through nbclient, because everything that comes out of the kernel is
hostile until shown otherwise. nbclient keeps whatever a cell prints, waits for ever for a cell that ignores an
interrupt, takes every lost connection for a dead kernel, and lets tags in the notebook decide which cells run.

``notebook`` reads the file, ``kernel`` starts and reaches the kernel, ``outputs`` keeps what a cell shows, ``cells``
runs one after the other, ``tracepipe`` stores what the probe writes, ``run`` puts them together.
"""
