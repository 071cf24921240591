"""Bytes and files: nothing in here knows of marks or keys."""
