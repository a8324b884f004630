"""What crosses the socket between the service, the fork server and its decoders."""
