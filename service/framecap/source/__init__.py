"""Sources: the origins of the bytes of videos."""
