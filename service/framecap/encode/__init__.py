"""Images out of pixels."""
