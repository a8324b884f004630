"""Notifications of the ends of tasks, from the engine's outbox to the topics' destinations."""
