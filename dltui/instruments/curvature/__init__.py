"""The Hessian of a loss: products (``hvp``), eigenvalues, trace and spectral density (``spectrum``)."""
