"""Blood flow from arterial spin labelling."""
