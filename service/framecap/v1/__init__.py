"""The public API, generated from proto/framecap/v1 when the package is built."""
