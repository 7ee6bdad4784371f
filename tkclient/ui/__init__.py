"""The windows. They call verbs of the desk and never touch the network."""
