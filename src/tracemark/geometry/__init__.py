"""Points, transforms and correlation peaks; nothing of symbols or recipients."""
