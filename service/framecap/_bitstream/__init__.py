"""Compiled parsers of coded video; sources in ext/framecap/_bitstream."""
