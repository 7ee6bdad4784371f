"""Everything the operator of `stored` can set. `etc/stored.toml` says the same with comments."""

from dataclasses import dataclass
from pathlib import Path

from restante.config import HttpSettings, KeySettings, LogSettings, section, setting
from stored.search.settings import SearchSettings


@dataclass(frozen=True)
class DataSettings:
    directory: Path = setting(Path("var/stored"), "Where the users' mail is kept, a directory for each user.")


@dataclass(frozen=True)
class StorageSettings:
    zconfig: str = setting(
        "",
        "ZODB configuration text of a storage, which puts every user into one shared database on ZEO or "
        "PostgreSQL. Empty: one embedded database file a user.",
        secret=True,
    )
    open_databases: int = setting(
        128, "Embedded databases kept open; each holds about four descriptors and its cache.", minimum=1
    )
    cache_objects: int = setting(4000, "Objects each open connection may keep in memory.", minimum=100)
    cache_octets: int = setting(
        8 * 1024 * 1024, "Octets of objects each open connection may keep in memory.", minimum=65536
    )
    connections: int = setting(8, "Connections kept ready, per open database.", minimum=1)
    free_space_octets: int = setting(
        256 * 1024 * 1024,
        "Free space on the disk below which nothing new is taken; deleting and packing stay possible.",
        minimum=0,
    )
    pack_percent: int = setting(30, "A database is packed once so much of it is dead.", minimum=5, maximum=95)
    pack_from_octets: int = setting(
        4 * 1024 * 1024, "Databases smaller than this are never packed.", minimum=0
    )
    upkeep_seconds: float = setting(
        60.0, "How often databases that were written to are looked after.", minimum=0.05
    )
    round_hours: float = setting(
        6.0,
        "In how many hours everybody's mail is looked after once, to empty trash and junk.",
        minimum=0.001,
    )


@dataclass(frozen=True)
class QuotaSettings:
    octets: int = setting(
        0, "How many octets all messages of a user may have together, as they came; 0: any number.", minimum=0
    )


@dataclass(frozen=True)
class ProfiledSettings:
    url: str = setting("http://127.0.0.1:8602/", "Where profiled answers other daemons.")
    timeout_seconds: int = setting(30, "How long profiled may take to answer.", minimum=1)


@dataclass(frozen=True)
class SessionSettings:
    verified_seconds: int = setting(
        300,
        "How long a verified session is believed without asking again; at most 300.",
        minimum=0,
        maximum=300,
    )
    password_seconds: int = setting(
        60, "How long a verified name and password are believed without asking again.", minimum=0, maximum=300
    )
    remembered: int = setting(10_000, "Verified callers remembered at the same time.", minimum=1)


@dataclass(frozen=True)
class PopSettings:
    """Limits of a session with somebody's POP3 server; see `stored.pop3.Limits`."""

    allow_plain: bool = setting(False, "Whether accounts may be collected without encryption.")
    ca_file: str = setting("", "A file of certificate authorities to trust beside those of this machine.")
    connect_seconds: float = setting(
        30.0, "How long a server may take to be reached, to encrypt and to greet.", minimum=0.1
    )
    idle_seconds: float = setting(60.0, "How long a server may be silent, or take for one line.", minimum=0.1)
    session_seconds: float = setting(
        3600.0, "How long a session may last; what came is kept, the next goes on.", minimum=1
    )
    line_octets: int = setting(8192, "The longest line of an answer that is not a message.", minimum=512)
    list_entries: int = setting(500_000, "The most messages a maildrop may list.", minimum=1)
    message_octets: int = setting(
        150_000_000, "The largest message that is collected; a larger one stays and is reported.", minimum=1
    )
    window_messages: int = setting(
        100, "Messages asked for ahead, of servers that offer it.", minimum=1, maximum=1000
    )
    window_octets: int = setting(8_000_000, "Octets asked for ahead, of servers that offer it.", minimum=1)


@dataclass(frozen=True)
class CollectSettings:
    parallel: int = setting(16, "Accounts collected at the same time.", minimum=1, maximum=1000)
    imports: int = setting(
        4, "Of those that take long, as the first visit does, so many more at the same time.", minimum=1
    )
    slice_seconds: float = setting(
        10.0, "How long one account may take before it lets others go first, if any wait.", minimum=0
    )
    look_again_messages: int = setting(
        8,
        "Known messages looked at again in each visit, since some servers give their names to others.",
        minimum=0,
    )
    deletions: int = setting(
        1000, "Messages decided to be deleted at a server in one visit, where users want that.", minimum=1
    )
    rehearse_seconds: float = setting(20.0, "How long rehearsing a deletion may take.", minimum=1)
    leases: int = setting(2, "Users whose accounts are asked of profiled at the same time.", minimum=1)
    probes: int = setting(4, "Logins tried out at the same time.", minimum=1)
    probe_seconds: float = setting(45.0, "How long trying a login may take.", minimum=1)
    batch_messages: int = setting(250, "Messages committed together.", minimum=1)
    batch_octets: int = setting(12_000_000, "Octets of messages committed together, at most.", minimum=1)
    batch_milliseconds: int = setting(
        500, "How long a message may wait for others to be committed.", minimum=0
    )


@dataclass(frozen=True)
class HostSettings:
    allow: list[str] = setting(
        [], "Networks that accounts may be in although they are not public, such as 10.0.0.0/8."
    )


@dataclass(frozen=True)
class RelaySettings:
    address: str = setting("127.0.0.1:8625", "Where relayd takes letters by SMTP: address:port.")
    timeout_seconds: float = setting(
        60.0, "How long relayd may take for one step of handing a letter over.", minimum=0.1
    )
    deadline_seconds: float = setting(
        600.0, "How long handing one letter over may take altogether.", minimum=1
    )
    retry_seconds: float = setting(
        5.0, "The first pause after a letter could not be handed over; it doubles each time.", minimum=0.1
    )
    retry_limit_seconds: float = setting(900.0, "The longest such pause.", minimum=1)
    threads: int = setting(4, "Letters handed over at the same time.", minimum=1, maximum=40)


@dataclass(frozen=True)
class Settings:
    http: HttpSettings = section(
        HttpSettings, listen="127.0.0.1:8611", internal_listen="127.0.0.1:8612", path="/storage/1/"
    )
    log: LogSettings = section(LogSettings)
    keys: KeySettings = section(KeySettings)
    data: DataSettings = section(DataSettings)
    storage: StorageSettings = section(StorageSettings)
    quota: QuotaSettings = section(QuotaSettings)
    profiled: ProfiledSettings = section(ProfiledSettings)
    sessions: SessionSettings = section(SessionSettings)
    pop3: PopSettings = section(PopSettings)
    collect: CollectSettings = section(CollectSettings)
    hosts: HostSettings = section(HostSettings)
    relay: RelaySettings = section(RelaySettings)
    search: SearchSettings = section(SearchSettings)
