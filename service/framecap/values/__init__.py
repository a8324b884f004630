"""Values of requests: parsing, checks and error messages."""
