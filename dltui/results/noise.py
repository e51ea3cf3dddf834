"""The gradient noise scale: how large a batch must be before its gradient is more signal than noise.

The gradient of one sample has mean G and covariance Σ over all samples that there could be. The gradient of a batch of
B samples is then E‖g_B‖² = ‖G‖² + tr Σ / B, and B_simple = tr Σ / ‖G‖² is where both terms are equal (McCandlish et al.
2018, arXiv:1812.06162). From n samples, with q = ‖gᵢ‖² and ḡ their mean, unbiased estimates are

    tr Σ ≈ n/(n−1) · (mean q − ‖ḡ‖²)        ‖G‖² ≈ ‖ḡ‖² − tr Σ / n

and their errors are those of the jackknife, which needs no more than the sums of q, h = ⟨gᵢ, ḡ⟩ and of their products.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

from dltui.figures import Array, number

SURE = 1.959964  # standard errors to either side of an interval that holds in 95 of 100 cases


@dataclass(frozen=True)
class Noise:
    """Estimates of tr Σ and ‖G‖² from n samples, with the variances of both and their covariance.

    Attributes:
        samples: n.
        trace: tr Σ.
        square: ‖G‖²; may be below 0 where it can't be told from 0.
        trace_variance: Variance of the estimate of tr Σ.
        square_variance: Variance of the estimate of ‖G‖².
        covariance: Of both estimates.
        mean_square: ‖ḡ‖², exact for these samples.
    """

    samples: int
    trace: float
    square: float
    trace_variance: float
    square_variance: float
    covariance: float
    mean_square: float

    @classmethod
    def of(cls, sums: Array, samples: int, mean_square: float) -> Noise:
        """Estimate both from sums over the samples.

        Args:
            sums: Sums of q, h, q², q·h and h², shape (5,).
            samples: n, at least 3.
            mean_square: ‖ḡ‖².

        Returns:
            The estimates.
        """
        n = samples
        q, h, qq, qh, hh = (float(part) / n for part in sums)
        var_q, cov, var_h = qq - q * q, qh - q * h, hh - h * h
        square = (n * mean_square - q) / (n - 1)
        # Without sample i: ‖G‖² changes by (2 qᵢ − 2 n hᵢ)/((n−1)(n−2)), and tr Σ by −qᵢ/(n−1) less that.
        a, b = 2 / ((n - 1) * (n - 2)), -2 * n / ((n - 1) * (n - 2))
        c, d = -1 / (n - 1) - a, -b
        return cls(
            samples=n,
            trace=q - square,
            square=square,
            trace_variance=(n - 1) * max(c * c * var_q + 2 * c * d * cov + d * d * var_h, 0.0),
            square_variance=(n - 1) * max(a * a * var_q + 2 * a * b * cov + b * b * var_h, 0.0),
            covariance=(n - 1) * (a * c * var_q + (a * d + b * c) * cov + b * d * var_h),
            mean_square=mean_square,
        )

    @property
    def trace_error(self) -> float:
        """Standard error of tr Σ."""
        return sqrt(self.trace_variance)

    @property
    def square_error(self) -> float:
        """Standard error of ‖G‖²."""
        return sqrt(self.square_variance)

    @property
    def here(self) -> float:
        """Tr Σ / ‖ḡ‖²: the noise scale where these samples are all that there are, without error."""
        return self.trace / self.mean_square if self.mean_square else inf

    @property
    def scale(self) -> float | None:
        """B_simple = tr Σ / ‖G‖², or None where ‖G‖² can't be told from 0."""
        return self.trace / self.square if self.interval[1] < inf else None

    @property
    def interval(self) -> tuple[float, float]:
        """Between what B_simple lies with 95 % confidence (Fieller's interval); the upper end may be infinite."""
        z = SURE * SURE
        a = self.square**2 - z * self.square_variance
        b = self.trace * self.square - z * self.covariance
        c = self.trace**2 - z * self.trace_variance
        root = sqrt(max(b * b - a * c, 0.0))
        if a > 0 and self.square > 0:
            return max((b - root) / a, 0.0), (b + root) / a
        return (max((b - root) / a, 0.0) if a else 0.0), inf

    def expected(self, batch_size: float) -> float:
        """Return E‖g_B‖² of a batch of B of these samples, drawn without replacement; exact for all B up to n."""
        return self.square + self.trace / batch_size

    def summary(self) -> dict[str, Any]:
        """Return every number by name; what can't be told is None."""
        low, high = self.interval
        return {
            "trace": self.trace,
            "trace_error": self.trace_error,
            "square": self.square,
            "square_error": self.square_error,
            "scale": self.scale,
            "scale_low": low,
            "scale_high": None if high == inf else high,
            "scale_of_these_samples": None if self.here == inf else self.here,
        }

    def words(self) -> str:
        """Return B_simple with its 95 % interval, or the number that it is above of where ‖G‖² can't be told from 0.

        Where the estimate of ‖G‖² is below 0 by more than its error explains, these samples tell nothing.
        """
        low, high = self.interval
        if self.scale is None:
            return f"> {number(low, 3)}" if low > 0 else "not known"
        return f"{number(self.scale, 3)} ({number(low, 3)} … {number(high, 3)})"
