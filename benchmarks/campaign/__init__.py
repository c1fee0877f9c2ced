"""The accuracy campaign: phantom studies, the pipeline on them, and tables of how well it did."""
