"""Make a kit: a copy of every photo for every guest, checked and listed, on one machine or on many."""
