"""The service's side of a decoder: starting, feeding, checking and killing it."""
