"""The gauntlet: marked photos are leaked in every way we know, and the leaks are read."""
