"""Mail brought in from files and given out as files: mbox, Maildir, eml, zip, tar."""
