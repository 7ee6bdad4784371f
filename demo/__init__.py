"""A demonstration: two mail providers on loopback, their letters, and one visit from beginning to end.

The providers are what a person would have elsewhere: a POP3 server that lets mail out and an SMTP server
that takes mail in. Nothing in the daemons or the client knows this package.
"""
