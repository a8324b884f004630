"""The compiled hot path; sources in ext/framecap/_kernels."""
