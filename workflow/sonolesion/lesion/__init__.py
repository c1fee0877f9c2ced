"""Where the ablation is, how large it is, and whether it can be seen at all."""
