"""Arrays: luma, bands, chips, tiles and symbols; nothing of files or recipients."""
