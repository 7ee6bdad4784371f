"""job.*: what runs for a user, and calling it off."""

from restante.rpc import USER, Call, method
from stored.job_status import listed, number_of, shown
from stored.job_types import Job, JobId, JobList
from stored.jobs import Jobs
from stored.store import Store


class JobService:
    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store = store
        self._jobs = jobs

    @method("job.list", caller=USER)
    def jobs(self, call: Call, /) -> JobList:
        """List what runs, waits, or ended within a week, the newest first."""
        return listed(self._store.open_account(call.principal.name))

    @method("job.cancel", caller=USER)
    def cancel(self, call: Call, /, job: JobId) -> Job:
        """Call a job off. What it has done stays done; a job that has ended is left as it is."""
        user = call.principal.name
        self._jobs.cancel(user, number_of(job))
        return shown(self._store.open_account(user), number_of(job))
