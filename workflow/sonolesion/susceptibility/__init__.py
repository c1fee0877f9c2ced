"""Susceptibility: transverse relaxation of multi-echo gradient-echo scans."""
