"""What every stage shares: images, names, settings, errors, and how a step is run."""
