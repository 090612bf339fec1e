"""What the desk knows: plain Python, no clock, no I/O, no library."""
