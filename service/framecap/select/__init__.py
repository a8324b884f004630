"""Which frames."""
