"""Ways from packets to frames: whole decoding, keyframes alone, and segments in parallel."""
