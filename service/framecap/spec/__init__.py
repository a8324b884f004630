"""The capture request: its text and structured forms, parsed to one value."""
