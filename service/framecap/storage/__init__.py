"""Object stores: configuration, clients, faults and retries, shared by sources and sinks."""
