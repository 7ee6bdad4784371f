"""The storage server: collects, keeps, files and serves every user's mail."""
