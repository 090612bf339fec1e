"""The pages a visitor sees. They work without scripts."""
