"""Decoded pictures: planes, side data, deinterlacing, stills and covers."""
