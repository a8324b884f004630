"""What was asked for: two request forms, one value."""
