"""Directories and files of this machine."""
