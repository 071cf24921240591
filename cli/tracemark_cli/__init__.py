"""The command line of tracemark; it enters the house by the front door only."""
