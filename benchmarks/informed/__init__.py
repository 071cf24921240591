"""Read leaks with their original and a closed list: every view of the registration's table, and mixed copies."""
