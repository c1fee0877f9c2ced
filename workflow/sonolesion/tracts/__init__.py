"""Fibre tracts of the patient's own baseline, and what the lesion cut of them."""
