"""How long marking and reading take, and how much memory: each case in a fresh process."""
