"""Mathematics that several stages share."""
