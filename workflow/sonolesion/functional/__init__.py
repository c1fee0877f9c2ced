"""Resting state: preparation of the series, activity, connectivity."""
