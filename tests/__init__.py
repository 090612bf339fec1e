"""The tests of the desk; DESIGN 5 says which folder holds what."""
