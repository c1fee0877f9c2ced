"""Tidy tables: every number of the study in one place, typed, sorted and described."""
