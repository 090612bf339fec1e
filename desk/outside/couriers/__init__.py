"""Carrying messages to visitors. Each file speaks to one kind of carrier; `routes` knows which are set."""
