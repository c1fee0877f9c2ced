"""MR-guided focused-ultrasound lesion studies, from BIDS to tables and pages."""

__version__ = "0.1.0"
