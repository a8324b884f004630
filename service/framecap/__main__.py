"""Lets `python -m framecap` stand for `framecap`."""

from framecap.cli.main import main

main()
