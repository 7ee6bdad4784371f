"""The persistent classes of `stored`: what a user's mail is on disk.

These classes hold the invariants (counts, order, log) and nothing else: no parsing, no network, no words of
the wire. Formats grow without conversion: every class has a class attribute `version`, an object written by a
newer form carries its own, and a member added later stands as a class attribute with its empty value.

    Account ─ rows         uid // 32 → RowChunk       list rows, ready-made JSON
            ─ bodies       uid → Body                 raw octets, compressed, hashed
            ─ state        uid → word                 time, folder, flags
            ─ log          step → changed uids        what `message.changes` tells
            ─ folders      number → Folder            orders of messages and of threads, total, unread
            ─ maildrops    account id → Maildrop      what is remembered of each remote account
            ─ message_ids  hash → uid
            ─ threads      uid → thread; thread → its members
            ─ topics       week, hash → uid           what an answer may be about that names no letter
            ─ arrivals     uid → (account, second)    where a letter came again
            ─ uploads, submissions
"""
