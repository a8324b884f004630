"""Bytes of coded packets: headers and NAL units, read and rewritten."""
