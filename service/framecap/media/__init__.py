"""Facts and frames. The only room that imports av."""
