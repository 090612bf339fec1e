"""Gateways that move money, each behind `ports.Gateway`; and the sandbox, which only pretends to."""
