"""The events of a capture: messages, order, progress, statuses, manifest."""
