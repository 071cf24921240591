"""How exactly leaks are laid onto their originals, measured on leaks whose geometry is known."""
