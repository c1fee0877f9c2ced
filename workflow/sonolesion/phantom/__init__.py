"""A digital study with known truth: forward models that share no code with their inverses."""
