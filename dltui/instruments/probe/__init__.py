"""What can be read off each layer by a linear classifier."""
