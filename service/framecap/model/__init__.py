"""The frozen values that stages pass to one another."""
