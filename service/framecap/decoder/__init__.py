"""Decoder processes: starting, feeding, confining, watching and killing them."""
