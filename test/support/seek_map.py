"""Where a file has data: what observe.py and probe.py share."""
import errno, os


def seek_map(file, size):
    """[[start, end]...] of the data, as SEEK_DATA and SEEK_HOLE tell it."""
    found, position = [], 0
    while position < size:
        try:
            start = os.lseek(file, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break
        position = os.lseek(file, start, os.SEEK_HOLE)
        found.append([start, position])
    return found
