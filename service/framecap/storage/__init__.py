"""Object stores: which there are, and how they are spoken to. What reading and writing share."""
