"""The only room that touches network, disk, randomness or wall clock; wiring hands its pieces to the others as ports."""
