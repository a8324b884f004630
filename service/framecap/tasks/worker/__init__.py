"""Workers: they take tasks from an engine and capture them."""
