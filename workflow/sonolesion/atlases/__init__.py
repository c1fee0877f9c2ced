"""Atlases: a table, one loader, and regions carried to a subject's acpc space."""
