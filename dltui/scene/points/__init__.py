"""What is done with clouds of points: thinned, cleaned, given normals, laid upon each other, compared."""
