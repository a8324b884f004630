"""Decoder processes: how they are started, confined, fed, watched and killed."""
