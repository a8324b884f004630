"""The decoder protocol, generated from proto/framecap/decoder/v1 when the package is built."""
