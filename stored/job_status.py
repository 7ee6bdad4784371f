"""What a user is shown of jobs: a struct of each, and the id it goes by."""

from datetime import UTC, datetime
from typing import Any, cast

from restante.errors import NotFound
from stored.job_types import Job as JobStruct
from stored.job_types import JobList
from stored.jobs import found
from stored.model.account import Account
from stored.model.job import Job
from stored.model.personal import personal
from stored.store import UserStore


def number_of(id: str) -> int:
    """Return the number a job's id names. Raises NotFound."""
    digits = id[1:]
    if id[:1] != "j" or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise NotFound("There is no such job; it may have ended long ago.", about=id[:20])
    return int(digits)


def listed(mail: UserStore) -> JobList:
    """Return a user's jobs, the newest first. Reads."""

    def work(account: Account) -> JobList:
        jobs = personal(account).jobs
        return {"jobs": [_struct(number, jobs[number]) for number in sorted(jobs, reverse=True)][:100]}

    return mail.read(work)


def shown(mail: UserStore, number: int) -> JobStruct:
    """Return one job. Reads. Raises NotFound."""
    return mail.read(lambda account: _struct(number, found(account, number)))


def _struct(number: int, job: Job) -> JobStruct:
    told: dict[str, Any] = {
        "job": f"j{number}",
        "kind": job.kind,
        "about": job.order.get("about", ""),
        "stage": job.stage,
        "done": job.done,
        "total": max(job.total, job.done),
        "counts": job.counts,
        "created_at": datetime.fromtimestamp(job.created_at, UTC),
        **job.made,
    }
    if job.finished_at:
        told["finished_at"] = datetime.fromtimestamp(job.finished_at, UTC)
    if job.error[0]:
        kind, message, about = job.error
        told["error"] = {"kind": kind, "message": message} | ({"about": about} if about else {})
    return cast(JobStruct, told)
