"""Pages and methods text: what was done, what was found, what went wrong and why."""
