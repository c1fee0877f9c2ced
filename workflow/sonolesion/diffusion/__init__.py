"""Diffusion: trace-weighted image and apparent diffusion coefficient."""
