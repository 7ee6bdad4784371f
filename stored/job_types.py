"""The structs of jobs, import and export on the wire."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired, TypedDict

from restante.wire import Chars, Count, Items

JobId = Annotated[str, Chars(1, 20, one_line=True)]
JobKind = Literal["rules", "import", "export"]
ExportFormat = Literal["mbox", "zip"]
JobStage = Literal["waiting", "running", "done", "failed", "cancelled"]


class JobError(TypedDict):
    kind: str
    message: str
    about: NotRequired[str]


class Job(TypedDict):
    """Something long: `done` of `total` (0: not known yet), and by `counts` what became of letters.

    These are letters, too, but in an import KiB (1,024 octets) of its file, whose letters nobody has counted.

    `undo` takes back what a rule did, `blob` is the file that an export made. An `error` while it runs is
    what it waits for the end of. A finished job is known for a week.
    """

    job: str
    kind: JobKind
    about: str
    stage: JobStage
    done: Count
    total: Count
    counts: dict[str, int]
    created_at: datetime
    finished_at: NotRequired[datetime]
    error: NotRequired[JobError]
    undo: NotRequired[str]
    blob: NotRequired[str]


class JobList(TypedDict):
    jobs: Annotated[list[Job], Items(100)]
