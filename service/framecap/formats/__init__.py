"""Image formats: one frozen row a format, and its encoder."""
