"""What the numbers of the format were chosen among, each alternative measured on real photos."""
