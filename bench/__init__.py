"""What the console costs, measured on this machine against goals: `python -m bench [--small] [PART...]`."""
