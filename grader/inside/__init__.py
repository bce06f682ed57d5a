"""What runs beyond the wall: the kernel launcher, the probe, the trainer. Knows nothing of the host."""
