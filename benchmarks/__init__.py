"""Measurements of tracemark on real photos: what survives, what is seen, and how long it takes."""
