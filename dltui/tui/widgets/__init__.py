"""What screens are built from, one file each."""
