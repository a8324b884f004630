"""Starting and stopping the service."""
