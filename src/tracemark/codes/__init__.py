"""Symbols, codewords and bounds; nothing of pictures."""
