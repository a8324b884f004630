"""Pixel processing: scaling, colour conversion, tone mapping and orientation."""
