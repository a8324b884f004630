"""How: geometry, limits and the way to decode. Pure functions."""
