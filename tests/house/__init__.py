"""Tests about the whole house: its shape, its dependencies, its promises to operators. Holds no test of behaviour."""
