"""The folders every user has, by their number. Numbers only: who reads words alone needs no database."""

#: Numbers up to 15 are kept for roles.
ROLES = {1: "inbox", 2: "drafts", 3: "sent", 4: "junk", 5: "trash", 6: "archive"}
FIRST_OWN = 16

INBOX, DRAFTS, SENT, JUNK, TRASH, ARCHIVE = ROLES
#: Folders that may be emptied by themselves, and so know when each message came into them.
EMPTIED = (JUNK, TRASH)
