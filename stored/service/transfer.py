"""message.import and export.start: letters in and out, as jobs."""

from restante.rpc import USER, Call, method
from restante.wire import Id
from stored.folder_types import FolderId
from stored.job_status import shown
from stored.job_types import ExportFormat, Job
from stored.jobs import Jobs
from stored.store import Store
from stored.transfer.exporting import Exporter
from stored.transfer.importing import Importer
from stored.types import MessageFilter


class TransferService:
    def __init__(self, store: Store, jobs: Jobs, importer: Importer, exporter: Exporter) -> None:
        self._store = store
        self._jobs = jobs
        self._importer = importer
        self._exporter = exporter

    @method("message.import", caller=USER)
    def import_letters(
        self,
        call: Call,
        /,
        blob: Id,
        folder: FolderId = "inbox",
        unread: bool = False,
        folders: bool = True,
    ) -> Job:
        """Bring in the letters of an uploaded file: mbox, eml, or a zip or tar of eml, mbox, Maildir and MH.

        They go to `folder`; with `folders` those in directories go to folders of their names, made where
        there are none. Letters of which the file does not say whether they were read are read, or `unread`.
        What is here already, octet for octet, is left out. Answers with a job: `counts` are `kept` and
        `known`, what was left out (`left` for its size, `over_quota`, `too_large` for all of the quota,
        `damaged`, `other`, `expunged`), and of those kept what is `unfiled`; `done` and `total` are KiB of
        the file.
        """
        mail = self._store.open_account(call.principal.name)
        number = self._importer.begin(self._jobs, mail, blob, folder, unread=unread, folders=folders)
        return shown(mail, number)

    @method("export.start", caller=USER)
    def export(self, call: Call, /, format: ExportFormat = "mbox", filter: MessageFilter = {}) -> Job:  # noqa: B006
        """Write letters into a file to be fetched: all of them, or those that fit a filter.

        Answers with a job, whose `blob` is the file once it is done; it is kept for a week. An mbox (mboxrd)
        has the line ends of Unix and no flags; a zip holds each letter exactly as it came, in the directories
        of its folder, with its flags as its comment.
        """
        mail = self._store.open_account(call.principal.name)
        return shown(mail, self._exporter.begin(self._jobs, mail, format, filter))
