"""What several structs on the wire are made of; each noun has its own in a file beside this."""

from typing import Annotated, Literal, TypedDict

from restante.wire import Chars, Id, Items, Range

Language = Literal["es", "en"]
PartName = Literal["settings", "accounts", "identities", "rules", "layout"]
Parts = Annotated[list[PartName], Items(5)]
Security = Literal["tls", "stls", "plain"]
Minutes = Annotated[int, Range(1, 1440)]
Port = Annotated[int, Range(1, 65535)]
Title = Annotated[str, Chars(0, 100, one_line=True)]
Address = Annotated[str, Chars(1, 320, one_line=True)]
Host = Annotated[str, Chars(1, 253, one_line=True)]
RemoteUser = Annotated[str, Chars(1, 320, one_line=True)]
Secret = Annotated[str, Chars(1, 1024, one_line=True)]
Signature = Annotated[str, Chars(0, 4000)]
FolderId = Annotated[str, Chars(1, 40, one_line=True)]
FolderIds = Annotated[list[FolderId], Items(1000)]
Since = Annotated[str, Chars(0, 40, one_line=True)]
Token = Annotated[str, Chars(0, 1024)]
Ids = Annotated[list[Id], Items(200)]


class Nothing(TypedDict):
    """An answer that says only that it was done."""
