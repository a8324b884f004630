"""Captures that outlive their callers, and the interface of the engines that keep them."""
