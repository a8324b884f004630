"""What stands around every call, one concern per file."""
