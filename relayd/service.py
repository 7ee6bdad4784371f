"""The methods of relayd, for storage servers only, on the internal listener."""

from relayd.queue import MailQueue
from relayd.types import SubmissionStatus
from restante.rpc import Call, daemons, method
from restante.wire import Id


class RelayService:
    """What a storage server may ask about the letters it handed over."""

    def __init__(self, queue: MailQueue) -> None:
        self._queue = queue

    @method("relay.status", caller=daemons("stored"))
    def status(self, call: Call, /, submission: Id, user: Id = "") -> SubmissionStatus:
        """Tell what became of a submission, recipient by recipient.

        `submission` is the id that came in the Restante-Submission field; `user` tells two users' equal
        ids apart. Known for seven days after it was accepted. Raises not_found.
        """
        return self._queue.status(submission, user)
