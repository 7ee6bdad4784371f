"""The figures: Restante and the best peer measured in one run, each by one command.

    python -m bench --list            what can be measured
    python -m bench collect           one of them; its last line is `collect: ours X, peer Y, ratio Z`
    python -m bench --quick space     the same in small, under a minute

Daemons and peers are real processes, driven as anybody may drive them: public RPC, POP3, IMAP. See
docs/figures.md for what each figure is and why the comparison is fair.
"""
