"""Two demonstration providers on loopback, their mail, and one visit from beginning to end."""
