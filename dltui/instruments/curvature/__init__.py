"""How a loss curves: products with its matrices (``matrix``), their eigenvalues, trace and density (``spectrum``)."""

from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.matrices import MatrixName, matrix
from dltui.instruments.curvature.operator import Matrix, Operator
from dltui.instruments.curvature.spectrum import spectrum

__all__ = ["Matrix", "MatrixName", "Operator", "hessian", "matrix", "spectrum"]
