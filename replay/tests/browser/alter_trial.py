#!/usr/bin/env python3
"""Makes trials that `medius` would not write, for the tests of the page.

    alter_trial.py no-set IN OUT        without the marker set that the analysis kept
    alter_trial.py html IN OUT          labels, names and reasons are HTML that would run
    alter_trial.py gaps IN OUT          markers 0 to 9 are missing, 10 to 19 filled, from frame 100 on
    alter_trial.py other OUT            HDF5, but no trial
    alter_trial.py hour IN OUT MINUTES  the run again and again until it is that long, without sightings
"""

import shutil
import sys

import h5py
import numpy

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def replace(group, name, data):
    attributes = dict(group[name].attrs)
    del group[name]
    group.create_dataset(name, data=data).attrs.update(attributes)


def no_set(file):
    for stage in file["provenance"].values():
        stage.attrs.pop("marker_set", None)
        if "marker_set" in stage:
            del stage["marker_set"]


def html(file):
    labels = file["trajectories/labels"]
    names = [f"{EVIL}{i}".encode() if i % 2 else name for i, name in enumerate(labels[:])]
    replace(file["trajectories"], "labels", numpy.array(names, dtype="S80"))
    for name in ("trial", "subject", "session", "activity"):
        file.attrs[name] = numpy.bytes_(EVIL)
    reasons = [EVIL.encode()] * len(file["strides/start"])
    replace(file["strides"], "rejection_reason", numpy.array(reasons, dtype="S80"))
    accepted = file["strides/accepted"][:]
    accepted[:2] = 0
    file["strides/accepted"][...] = accepted
    for stage in file["provenance"].values():
        stage.attrs["warnings"] = numpy.array([EVIL.encode()], dtype="S80")
        stage.attrs["command"] = numpy.bytes_(EVIL)
    for angle in file["kinematics"].values():
        angle.attrs["definition"] = numpy.bytes_(EVIL)


def gaps(file):
    position, source = file["trajectories/position"], file["trajectories/source"]
    positions, sources = position[:], source[:]
    positions[100:, :10], sources[100:, :10] = numpy.nan, 0
    sources[100:, 10:20] = 2
    position[...], source[...] = positions, sources


def tiled(data, copies, step):
    """The rows of one run after the other; times grow by a run each."""
    if step is None:
        return numpy.concatenate([data] * copies)
    return numpy.concatenate([data + i * step for i in range(copies)])


def copy_tiled(source, target, name, copies, step, rows):
    dataset = source[name]
    data = tiled(dataset[:][rows], copies, step)
    chunks = dataset.chunks and (min(dataset.chunks[0], len(data)), *dataset.chunks[1:])
    made = target.create_dataset(name, data=data, chunks=chunks, shuffle=True, compression="gzip",
                                 compression_opts=1, fletcher32=True)
    made.attrs.update(dict(dataset.attrs))


def repeat_pieces(source, target, name, copies, rows):
    """As copy_tiled, for rows that are whole pieces of the file: they are copied as they lie, packed."""
    dataset = source[name]
    piece = dataset.chunks[0]
    shape = (copies * rows, *dataset.shape[1:])
    space = h5py.h5s.create_simple(shape)
    made = h5py.h5d.create(target.id, name.encode(), dataset.id.get_type(), space, dataset.id.get_create_plist())
    rest = (0,) * (len(shape) - 1)
    pieces = [dataset.id.read_direct_chunk((at, *rest)) for at in range(0, rows, piece)]
    for copy in range(copies):
        for i, (mask, packed) in enumerate(pieces):
            made.write_direct_chunk((copy * rows + i * piece, *rest), packed, mask)
    h5py.Dataset(made).attrs.update(dict(dataset.attrs))


def hour(source, target, minutes):
    time = source["timebase/time"][:]
    piece = source["trajectories/position"].chunks[0]
    rows = (len(time) - 1) // piece * piece
    duration = rows / source["timebase/time"].attrs["rate_hz"]
    copies = int(numpy.ceil(60 * minutes / duration))
    strides = source["strides/end"][:] < time[rows]
    events = source["events/time"][:] < time[rows]
    target.attrs.update(dict(source.attrs))
    copy_tiled(source, target, "timebase/time", copies, duration, slice(rows))
    for group in ("provenance", "summary", "rig"):
        source.copy(group, target)
    target.create_group("trajectories").attrs.update(dict(source["trajectories"].attrs))
    source.copy("trajectories/labels", target["trajectories"])
    for name in ("position", "source", "covariance", "residual", "rays"):
        repeat_pieces(source, target, f"trajectories/{name}", copies, rows)
    for name, angle in source["kinematics"].items():
        if not isinstance(angle, h5py.Dataset):
            continue
        copy_tiled(source, target, f"kinematics/{name}", copies, None, slice(rows))
    for name in source["events"]:
        copy_tiled(source, target, f"events/{name}", copies, duration if name == "time" else None, events)
    for name in source["strides"]:
        if name == "curves":
            for curve in source["strides/curves"]:
                copy_tiled(source, target, f"strides/curves/{curve}", copies, None, strides)
        else:
            step = duration if name in ("start", "toe_off", "end") else None
            copy_tiled(source, target, f"strides/{name}", copies, step, strides)


def main(arguments):
    what = arguments[1]
    if what == "other":
        with h5py.File(arguments[2], "w") as file:
            file["numbers"] = numpy.arange(10)
    elif what == "hour":
        with h5py.File(arguments[2]) as source, \
                h5py.File(arguments[3], "w", libver=("v110", "v110")) as target:
            hour(source, target, float(arguments[4]))
    else:
        shutil.copyfile(arguments[2], arguments[3])
        with h5py.File(arguments[3], "r+") as file:
            {"no-set": no_set, "html": html, "gaps": gaps}[what](file)


if __name__ == "__main__":
    main(sys.argv)
