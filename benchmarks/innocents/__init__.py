"""How often innocents score against real leaks, held against the bound."""
