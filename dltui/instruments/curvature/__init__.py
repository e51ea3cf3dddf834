"""The Hessian of a loss: products (``hvp``), eigenvalues, trace and spectral density (``spectrum``)."""

from dltui.instruments.curvature.hvp import Hessian, hessian
from dltui.instruments.curvature.operator import Matrix, Operator
from dltui.instruments.curvature.spectrum import spectrum

__all__ = ["Hessian", "Matrix", "Operator", "hessian", "spectrum"]
