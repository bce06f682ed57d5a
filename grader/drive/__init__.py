"""Runs one notebook in a process of its own, against a sealed kernel: ``python -m grader.drive JOB.json``.

nbclient runs the cells one at a time and is watched from outside, because everything that comes out of the kernel is
hostile until shown otherwise. By itself it keeps whatever a cell prints, waits for ever for a cell that ignores an
interrupt, falls over a malformed message, and lets tags in the notebook decide which cells run. So it gets a kernel
that is already there and is asked for one cell after the other.

``notebook`` reads the file, ``kernel`` starts and reaches the kernel, ``wire`` survives what the kernel sends,
``client`` is nbclient, ``outputs`` keeps what a cell shows, ``cells`` supervises one cell after the other,
``tracepipe`` stores what the probe writes, ``family`` ends processes with their children, ``run`` puts them together.
"""
