"""Outputs: what is made of the captured frames. One row a kind, and its maker."""
