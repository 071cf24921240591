"""What went to whom: photos, recipients and copies, in one file that shows when it was changed afterwards."""
