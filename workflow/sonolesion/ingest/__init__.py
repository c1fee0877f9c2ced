"""What was acquired, whether it can be used, and what follows from it."""
