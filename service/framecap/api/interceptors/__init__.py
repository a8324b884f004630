"""The interceptors of every call, one concern per file."""
