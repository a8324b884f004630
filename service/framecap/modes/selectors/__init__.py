"""Selectors, which choose frames as they are decoded."""
