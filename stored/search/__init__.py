"""Any of a hundred thousand letters by its words, in milliseconds.

    query, vocabulary, dates, where       what a person typed, or a program's structure, as a tree
    folding                               words as they are compared, in every script
    plan                                  the tree as questions to the index and to the store
    index, files                          one SQLite FTS5 file a user, derived, thrown away at will
    extract, worker, child, frames        letters read and indexed in a process that may be killed
    strides                               long work that gives way to lists
    source, stripped, indexer             what is new in the store, brought to that process in the background
    finder, readers, flagged, snippets    the answer: every hit looked up in the store before it is told

The store is the truth: folders and flags are its own integers, read when the question is answered, and what
is not in it is not found. The index only knows words, and how far it has come. This package alone knows
sqlite3. It imports nothing here, so that the process that reads letters stays small.
"""
