"""Web servers. Only this package loads aiohttp."""
