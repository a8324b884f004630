"""The demo's sample video and its contact sheet."""
