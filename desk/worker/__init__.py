"""What the desk does without being asked: when, and again. Decides nothing itself: each piece of work is an action."""
