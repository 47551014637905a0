"""Archives that have the same bytes each time."""

import gzip
import io
import tarfile
from collections.abc import Mapping

# The files of an archive have no times of their own: the earliest that a zip file can have.
SECONDS = 315532800


def tar_gz(root: str, files: Mapping[str, bytes]) -> bytes:
    """Return a compressed archive.

    Args:
        root: the folder that everything in it is in.
        files: by their path in that folder.
    """
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=SECONDS) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size, entry.mtime, entry.mode = len(content), SECONDS, 0o644
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
