"""The engine on one SQLite file, for one machine: no server, any number of processes."""
