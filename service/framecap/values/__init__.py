"""Values of requests: read, checked, and refused in words."""
