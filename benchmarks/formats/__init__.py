"""Files of each format: what they take, and how large copies are."""
